//! Attaching attributes: the domain's rule, between reading the document and writing it back.

use domain::{
    Error,
    json::{self, Path},
    session::{Document, Revision, Session},
    store::{UpdateData, Updated},
    update::{self, Change},
};
use sqlx::{Row, SqliteConnection};

use crate::{Store, write};

pub(crate) async fn run(store: &Store, updates: Vec<UpdateData>) -> Vec<Result<Updated, Error>> {
    write::batch(store, updates, |item| &item.attempt, |connection, item| Box::pin(update(connection, item)))
        .await
}

async fn update(
    connection: &mut SqliteConnection,
    item: &UpdateData,
) -> Result<Result<Updated, Error>, sqlx::Error> {
    let row = sqlx::query("SELECT revision, document FROM channel_session WHERE tenant_id = ? AND id = ?")
        .bind(item.tenant.as_str())
        .bind(item.id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(Err(Error::NotFound(item.id.clone()))) };
    let (revision, document): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
    let (id, revision) = (item.id.clone(), Revision::new(revision));
    let change = match stored(&document) {
        Ok(value) => update::apply(&id, value, &item.attributes, item.max_attributes),
        Err(error) => Err(error),
    };
    let changed = match change {
        Ok(Change::Unchanged) => {
            let session = Session { id, revision, document };
            return Ok(Ok(Updated { session, changed: false }));
        }
        Ok(Change::Changed(changed)) => changed,
        Err(error) => return Ok(Err(error)),
    };
    let session = Session { id, revision: revision.next(), document: changed.to_text() };
    sqlx::query("UPDATE channel_session SET revision = ?, document = ? WHERE tenant_id = ? AND id = ?")
        .bind(session.revision.get())
        .bind(&session.document)
        .bind(item.tenant.as_str())
        .bind(item.id.as_str())
        .execute(connection)
        .await?;
    Ok(Ok(Updated { session, changed: true }))
}

/// The value that a stored document stands for. Only documents within the limits are ever stored.
fn stored(document: &str) -> Result<json::Value, Error> {
    let raw = json::syntax(document).map_err(|error| Error::Internal(error.into()))?;
    json::parse(raw, Document::MAX_DEPTH, &Path::root("")).map_err(|problems| {
        Error::Internal(format!("a stored document breaks the rules: {problems:?}").into())
    })
}

//! Storing new sessions.

use domain::{
    Error,
    session::{Revision, Session},
    store::Create,
};
use sqlx::SqliteConnection;

use crate::{Store, write};

pub(crate) async fn run(store: &Store, sessions: Vec<Create>) -> Vec<Result<Session, Error>> {
    write::batch(store, sessions, |item| &item.attempt, |connection, item| Box::pin(create(connection, item)))
        .await
}

async fn create(
    connection: &mut SqliteConnection,
    item: &Create,
) -> Result<Result<Session, Error>, sqlx::Error> {
    let document = item.document.to_text();
    let inserted = sqlx::query(
        "INSERT INTO channel_session (tenant_id, id, revision, document) VALUES (?, ?, ?, ?)
         ON CONFLICT (tenant_id, id) DO NOTHING",
    )
    .bind(item.tenant.as_str())
    .bind(item.id.as_str())
    .bind(Revision::FIRST.get())
    .bind(&document)
    .execute(connection)
    .await?;
    let id = item.id.clone();
    Ok(if inserted.rows_affected() == 0 {
        Err(Error::Exists(id))
    } else {
        Ok(Session { id, revision: Revision::FIRST, document })
    })
}

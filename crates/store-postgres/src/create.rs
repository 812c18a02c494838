//! Storing new sessions.

use domain::{
    Error,
    session::{Revision, Session},
    store::Create,
};
use sqlx::Row;

use crate::{Store, batch, error};

/// Inserts what is not there yet. The documents come back as the database keeps them.
const STATEMENT: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document)
    SELECT tenant_id, id, $4, document::jsonb
    FROM unnest($1::text[], $2::text[], $3::text[]) AS items(tenant_id, id, document)
    ON CONFLICT (tenant_id, id) DO NOTHING
    RETURNING tenant_id, id, document::text";

/// Runs a wave: every session at most once.
pub(crate) async fn run(store: &Store, wave: Vec<Create>) -> Vec<Result<Session, Error>> {
    let mut results: Vec<_> = wave.iter().map(|_| None).collect();
    insert(store, &wave, &mut results).await;
    results.into_iter().map(|result| result.unwrap_or_else(|| Err(batch::missing()))).collect()
}

async fn insert(store: &Store, wave: &[Create], results: &mut batch::Results<Session>) {
    let begun = batch::begin(store, wave, |item| &item.attempt, results).await;
    let Some((mut connection, sent)) = begun else { return };
    let items = || sent.iter().map(|&at| &wave[at]);
    let query = sqlx::query(STATEMENT)
        .bind(items().map(|item| item.tenant.as_str()).collect::<Vec<_>>())
        .bind(items().map(|item| item.id.as_str()).collect::<Vec<_>>())
        .bind(items().map(|item| item.document.to_text()).collect::<Vec<_>>())
        .bind(Revision::FIRST.get());
    let rows = match query.fetch_all(&mut *connection).await {
        Ok(rows) => rows,
        Err(error) => return error::for_each(&sent, results, &error::of_write(error)),
    };
    // Of what is not returned, another session had the place.
    for &at in &sent {
        results[at] = Some(Err(Error::Exists(wave[at].id.clone())));
    }
    for row in rows {
        match read(&row, wave) {
            Ok((at, session)) => results[at] = Some(Ok(session)),
            Err(error) => return error::for_each(&sent, results, &error::of_write(error)),
        }
    }
}

fn read(row: &sqlx::postgres::PgRow, wave: &[Create]) -> Result<(usize, Session), sqlx::Error> {
    let (tenant, id): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
    let at = wave.binary_search_by(|item| (item.tenant.as_str(), item.id.as_str()).cmp(&(tenant, id)));
    let at = at.map_err(|_| sqlx::Error::Decode("a row is about no item".into()))?;
    Ok((at, Session { id: wave[at].id.clone(), revision: Revision::FIRST, document: row.try_get(2)? }))
}

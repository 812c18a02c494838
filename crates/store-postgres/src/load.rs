//! Reading what commands are about: sessions as they stand, and requests that came before.

use domain::{
    Error,
    batch::SessionState,
    command::Command,
    request_id::{Digest, IdempotencyRecord, RequestId},
    session::{Id, Revision, TenantId},
    time::Timestamp,
};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{connections::Lease, error};

const SESSIONS: &str = "
    SELECT item.place, session.revision, session.document::text
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS item(tenant_id, id, place)
    JOIN channel_session AS session ON session.tenant_id = item.tenant_id AND session.id = item.id";

/// The same for one session. A statement about lists takes longer.
const SESSION: &str = "
    SELECT 1::bigint AS place, revision, document::text FROM channel_session WHERE tenant_id = $1 AND id = $2";

const REQUESTS: &str = "
    SELECT item.place, request.digest, request.revision, request.changed, request.document, request.at
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS item(tenant_id, session_id, request_id, place)
    JOIN channel_session_idempotency_record AS request USING (tenant_id, session_id, request_id)";

/// A session's state for each key, in order.
pub(crate) async fn run<'a>(
    connection: &mut Lease,
    keys: &[(&TenantId, &Id)],
    commands: impl Iterator<Item = &'a Command>,
) -> Result<Vec<Result<SessionState, Error>>, Error> {
    let mut states: Vec<_> =
        keys.iter().map(|&(tenant, id)| Ok(SessionState::missing(tenant.clone(), id.clone()))).collect();
    for row in connection.fetch_all(sessions(keys)).await.map_err(error::of_read)? {
        let at = index(&row).map_err(error::of_read)?;
        let (tenant, id) = keys[at];
        let (revision, document): (i64, Option<&str>) =
            (row.try_get(1).map_err(error::of_read)?, row.try_get(2).map_err(error::of_read)?);
        states[at] = SessionState::stored(
            tenant.clone(),
            id.clone(),
            Revision::new(revision),
            document.map(json::compact),
        );
    }

    // After the sessions: a request that has just been recorded for a later revision is found all the same.
    let named: Vec<_> =
        commands.filter_map(|command| Some((command, command.request_id.as_ref()?))).collect();
    if named.is_empty() {
        return Ok(states);
    }
    let requests = sqlx::query(REQUESTS)
        .bind(named.iter().map(|(command, _)| command.tenant.as_str()).collect::<Vec<_>>())
        .bind(named.iter().map(|(command, _)| command.id.as_str()).collect::<Vec<_>>())
        .bind(named.iter().map(|(_, request_id)| request_id.as_str()).collect::<Vec<_>>());
    for row in connection.fetch_all(requests).await.map_err(error::of_read)? {
        let (command, request_id) = named[index(&row).map_err(error::of_read)?];
        let record = record(&row, request_id).map_err(error::of_read)?;
        let at = keys.binary_search(&(&command.tenant, &command.id));
        if let Some(Ok(state)) = at.ok().and_then(|at| states.get_mut(at)) {
            state.add_stored_record(record);
        }
    }
    Ok(states)
}

/// Asks for the place of each session that there is, its revision, and its document.
pub(crate) fn sessions<'a>(keys: &[(&'a TenantId, &'a Id)]) -> Query<'a, Postgres, PgArguments> {
    match keys {
        [(tenant, id)] => sqlx::query(SESSION).bind(tenant.as_str()).bind(id.as_str()),
        _ => sqlx::query(SESSIONS)
            .bind(keys.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
            .bind(keys.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>()),
    }
}

fn record(row: &PgRow, request_id: &RequestId) -> Result<IdempotencyRecord, sqlx::Error> {
    Ok(IdempotencyRecord {
        request_id: request_id.clone(),
        digest: Digest::from_stored(row.try_get(1)?),
        revision: Revision::new(row.try_get(2)?),
        changed: row.try_get(3)?,
        document: row.try_get(4)?,
        at: Timestamp::from_millis(row.try_get(5)?),
    })
}

/// Which item a row is about, counted from 0; ordinality counts from 1.
pub(crate) fn index(row: &PgRow) -> Result<usize, sqlx::Error> {
    let index: i64 = row.try_get(0)?;
    usize::try_from(index - 1).map_err(|error| sqlx::Error::Decode(error.into()))
}

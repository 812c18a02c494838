//! Events as rows.

use domain::{
    Error,
    event::{Event, Stored},
    session::TenantId,
};
use sqlx::{Row, postgres::PgRow};

use crate::error;

/// The columns that [`read`] takes, but for the document, which not everybody wants.
macro_rules! columns {
    () => {
        "event.session_id, event.revision, event.name, event.at, event.conversation_id, event.requester, \
         event.request_id, event.trace_id, event.changes"
    };
}
pub(crate) use columns;

/// Reads an event from these columns and the `document`.
pub(crate) fn read(row: &PgRow, tenant: &TenantId) -> Result<Event, Error> {
    stored(row).map_err(error::of_read)?.read(tenant)
}

fn stored(row: &PgRow) -> Result<Stored<'_>, sqlx::Error> {
    Ok(Stored {
        session_id: row.try_get("session_id")?,
        revision: row.try_get("revision")?,
        name: row.try_get("name")?,
        at: row.try_get("at")?,
        conversation_id: row.try_get("conversation_id")?,
        requester: row.try_get("requester")?,
        request_id: row.try_get("request_id")?,
        trace_id: row.try_get("trace_id")?,
        changes: row.try_get("changes")?,
        document: row.try_get("document")?,
    })
}

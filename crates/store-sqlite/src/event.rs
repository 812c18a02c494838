//! Events as rows.

use domain::{
    Error,
    event::{Event, Stored},
    session::TenantId,
};
use sqlx::{Row, sqlite::SqliteRow};

use crate::error;

/// The columns that [`read`] takes, first to last, but for the document, which not everybody wants.
macro_rules! columns {
    () => {
        "event.session_id, event.revision, event.name, event.at, event.conversation_id, event.requester, \
         event.request_id, event.trace_id, event.changes"
    };
}
pub(crate) use columns;

/// How many they are, with the document.
pub(crate) const COLUMNS: usize = 10;

/// Reads an event from these columns, which start at the first and end with the document.
pub(crate) fn read(row: &SqliteRow, tenant: &TenantId) -> Result<Event, Error> {
    stored(row).map_err(error::of_read)?.read(tenant)
}

fn stored(row: &SqliteRow) -> Result<Stored<'_>, sqlx::Error> {
    Ok(Stored {
        session_id: row.try_get(0)?,
        revision: row.try_get(1)?,
        name: row.try_get(2)?,
        at: row.try_get(3)?,
        conversation_id: row.try_get(4)?,
        requester: row.try_get(5)?,
        request_id: row.try_get(6)?,
        trace_id: row.try_get(7)?,
        changes: row.try_get(8)?,
        document: row.try_get(9)?,
    })
}

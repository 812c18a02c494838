//! Events as rows.

use domain::{
    Error,
    event::{Event, Later, MAX_LATER, Name, Stored, changes_from_text, rebuild},
    session::{Document, Revision, TenantId},
};
use sqlx::{Row, sqlite::SqliteRow};

use crate::error;

/// The columns that [`read`] takes.
macro_rules! columns {
    ($event:literal) => {
        concat!(
            $event,
            ".session_id, ",
            $event,
            ".revision, ",
            $event,
            ".name, ",
            $event,
            ".at, ",
            $event,
            ".conversation_id, ",
            $event,
            ".requester, ",
            $event,
            ".request_id, ",
            $event,
            ".trace_id, ",
            $event,
            ".changes"
        )
    };
}
pub(crate) use columns;

/// The first event behind a revision that has the document before it, among those that may be needed to rebuild the document.
macro_rules! stop {
    ($event:literal) => {
        concat!(
            "(SELECT min(revision) FROM channel_session_event
              WHERE tenant_id = ",
            $event,
            ".tenant_id AND session_id = ",
            $event,
            ".session_id
                AND revision > ",
            $event,
            ".revision AND revision <= (",
            $event,
            ".revision / 32 + 1) * 32
                AND document_before IS NOT NULL)"
        )
    };
}
pub(crate) use stop;

/// What the document of a session's revision is rebuilt from: the events behind it up to that [`stop`], or else all that may be
/// needed and the session as it stands (see [`domain::event::rebuild`]), the events as a JSON array. One document, and not
/// those of all these events, which may have one each.
macro_rules! past {
    ($event:literal) => {
        concat!(
            "(SELECT revision FROM channel_session
              WHERE tenant_id = ",
            $event,
            ".tenant_id AND id = ",
            $event,
            ".session_id) AS session_revision,
             (SELECT CASE WHEN revision < (",
            $event,
            ".revision / 32 + 1) * 32 AND ",
            $crate::event::stop!($event),
            " IS NULL
                          THEN document END
              FROM channel_session
              WHERE tenant_id = ",
            $event,
            ".tenant_id AND id = ",
            $event,
            ".session_id) AS session_document,
             (SELECT json_group_array(json_array(revision, changes, document_before))
              FROM (SELECT revision, changes, document_before FROM channel_session_event
                    WHERE tenant_id = ",
            $event,
            ".tenant_id AND session_id = ",
            $event,
            ".session_id
                      AND revision > ",
            $event,
            ".revision
                      AND revision <= coalesce(",
            $crate::event::stop!($event),
            ", (",
            $event,
            ".revision / 32 + 1) * 32)
                    ORDER BY revision)) AS later"
        )
    };
}
pub(crate) use past;

/// What the statements have as a literal.
const _: () = assert!(MAX_LATER == 32, "past! looks up as many");

/// Reads an event from these columns, without its document.
pub(crate) fn read(row: &SqliteRow, tenant: &TenantId) -> Result<Event, Error> {
    stored(row).map_err(error::of_read)?.read(tenant)
}

/// The same with its document, where it has one. None where what that is rebuilt from has expired.
pub(crate) fn read_whole(row: &SqliteRow, tenant: &TenantId) -> Result<Option<Event>, Error> {
    let event = read(row, tenant)?;
    if event.name == Name::Deleted {
        return Ok(Some(event));
    }
    Ok(document(row, event.revision)?.map(|document| event.with_document(document)))
}

/// The document of a revision, from the columns of [`past!`]. None where what it is rebuilt from has expired.
pub(crate) fn document(row: &SqliteRow, revision: Revision) -> Result<Option<Document>, Error> {
    let text = |column| row.try_get::<Option<String>, _>(column).map_err(error::of_read);
    let reached: Option<i64> = row.try_get("session_revision").map_err(error::of_read)?;
    let session = (Revision::new(reached.unwrap_or_default()), text("session_document")?);
    rebuild(revision, session, later(&text("later")?.unwrap_or_default())?)
}

/// Reads the events from their JSON array: a revision, changes and the document before, each.
fn later(text: &str) -> Result<Vec<Later>, Error> {
    let broken = |what: &str| Error::Internal(format!("a stored event is broken: {what}").into());
    let events: Vec<(i64, String, Option<String>)> =
        serde_json::from_str(text).map_err(|error| broken(&error.to_string()))?;
    let later = events.into_iter().map(|(revision, changes, before)| {
        let changes = changes_from_text(&changes).map_err(|what| broken(&what))?;
        Ok(Later { revision: Revision::new(revision), changes, before })
    });
    later.collect()
}

fn stored(row: &SqliteRow) -> Result<Stored<'_>, sqlx::Error> {
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
    })
}

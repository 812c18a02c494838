//! Events as rows.

use domain::{
    Error,
    event::{Event, Later, MAX_LATER, Name, Stored, changes_from_text, rebuild},
    session::{Document, Revision, TenantId},
};
use sqlx::{Row, postgres::PgRow};

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

/// What the document of a session's revision is rebuilt from: the events behind it up to the first that has the document before
/// it, or else all that may be needed and the session as it stands (see [`domain::event::rebuild`]). One document, and not those
/// of all these events, which may have one each. Looked up row by row, since the planner knows little of how few there are.
macro_rules! past {
    ($event:literal) => {
        concat!(
            "(SELECT session.revision AS session_revision, session.document AS session_document,
                     later.revisions AS later_revisions, later.changes AS later_changes,
                     later.documents_before AS later_documents_before
              FROM (SELECT min(revision) AS revision FROM channel_session_event
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
                      AND document_before IS NOT NULL) AS stop
              CROSS JOIN LATERAL (
                  SELECT revision,
                         CASE WHEN stop.revision IS NULL AND revision < (",
            $event,
            ".revision / 32 + 1) * 32
                              THEN document::text END AS document
                  FROM channel_session
                  WHERE tenant_id = ",
            $event,
            ".tenant_id AND id = ",
            $event,
            ".session_id LIMIT 1) AS session
              CROSS JOIN LATERAL (
                  SELECT array_agg(revision ORDER BY revision) AS revisions,
                         array_agg(changes ORDER BY revision) AS changes,
                         array_agg(document_before ORDER BY revision) AS documents_before
                  FROM channel_session_event
                  WHERE tenant_id = ",
            $event,
            ".tenant_id AND session_id = ",
            $event,
            ".session_id
                    AND revision > ",
            $event,
            ".revision
                    AND revision <= coalesce(stop.revision, (",
            $event,
            ".revision / 32 + 1) * 32)) AS later)"
        )
    };
}
pub(crate) use past;

/// Reads an event from these columns, without its document.
pub(crate) fn read(row: &PgRow, tenant: &TenantId) -> Result<Event, Error> {
    stored(row).map_err(error::of_read)?.read(tenant)
}

/// The same with its document, where it has one. None where what that is rebuilt from has expired.
pub(crate) fn read_whole(row: &PgRow, tenant: &TenantId) -> Result<Option<Event>, Error> {
    let event = read(row, tenant)?;
    if event.name == Name::Deleted {
        return Ok(Some(event));
    }
    Ok(document(row, event.revision)?.map(|document| event.with_document(document)))
}

/// The document of a revision, from the columns of [`past!`]. None where what it is rebuilt from has expired.
pub(crate) fn document(row: &PgRow, revision: Revision) -> Result<Option<Document>, Error> {
    let (session, later) = past_of(row).map_err(error::of_read)?;
    let broken = |what: String| Error::Internal(format!("a stored event is broken: {what}").into());
    let later = later.into_iter().map(|(revision, changes, before)| {
        let changes = changes_from_text(&changes).map_err(broken)?;
        Ok(Later { revision: Revision::new(revision), changes, before })
    });
    rebuild(revision, session, later.collect::<Result<Vec<_>, Error>>()?)
}

/// What the statements have as a literal.
const _: () = assert!(MAX_LATER == 32, "past! looks up as many");

type Past = ((Revision, Option<String>), Vec<(i64, String, Option<String>)>);

fn past_of(row: &PgRow) -> Result<Past, sqlx::Error> {
    let revision: Option<i64> = row.try_get("session_revision")?;
    let document: Option<&str> = row.try_get("session_document")?;
    let revisions: Option<Vec<i64>> = row.try_get("later_revisions")?;
    let changes: Option<Vec<String>> = row.try_get("later_changes")?;
    let documents: Option<Vec<Option<String>>> = row.try_get("later_documents_before")?;
    let changes = changes.unwrap_or_default().into_iter().zip(documents.unwrap_or_default());
    let later = revisions.unwrap_or_default().into_iter().zip(changes);
    Ok((
        (Revision::new(revision.unwrap_or_default()), document.map(json::compact)),
        later.map(|(revision, (changes, before))| (revision, changes, before)).collect(),
    ))
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
    })
}

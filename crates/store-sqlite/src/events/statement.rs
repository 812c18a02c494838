//! The statements that read what happened behind a position.

use domain::{event::Scope, store::MAX_EVENTS_BYTES};

use crate::{
    event::{columns, past},
    position::now_columns,
};

/// How many events a statement looks at, whether or not they are in its scope: what it takes is bounded by this, however many
/// are kept.
macro_rules! max_scanned {
    () => {
        "1024"
    };
}

/// As many sessions are looked at one by one; where there are more, all events are, in their order.
macro_rules! max_sessions {
    () => {
        "256"
    };
}

/// What is looked at of an event: not what changed, nor a document, which would be copied from table to table.
macro_rules! keys {
    () => {
        " number, tenant_id, session_id, revision, conversation_id, document_bytes "
    };
}

/// The events behind a number in their order, whosever they are. There may be more behind the last of as many as are looked
/// at.
#[rustfmt::skip]
macro_rules! in_order {
    ($after:expr) => {
        concat!(
            "SELECT *, row_number() OVER (ORDER BY number) = ", max_scanned!(), " AS is_cut
             FROM (SELECT ", keys!(), " FROM channel_session_event WHERE number > ", $after, " AND number <= ?3
                   ORDER BY number LIMIT ", max_scanned!(), ")"
        )
    };
}

/// The sessions of a conversation: those that are in it, and those that have left it since the position, each time that they
/// did. One that was deleted has no event in it any more.
macro_rules! of_conversation {
    () => {
        concat!(
            "SELECT id FROM (SELECT id FROM channel_session WHERE tenant_id = ?1 AND conversation_id = ?6 ->> 0
                             LIMIT ", max_sessions!(), " + 1)
             UNION ALL
             SELECT session_id FROM (SELECT session_id FROM channel_session_event
                                     WHERE tenant_id = ?1 AND left_conversation_id = ?6 ->> 0 AND number > ?2
                                     LIMIT ", max_sessions!(), " + 1)"
        )
    };
}

/// The revision that a search looks at next.
macro_rules! middle {
    () => {
        " max((low + high) / 2, high - step) "
    };
}

/// The events of sessions, given as a query of their ids.
///
/// The order of a session's revisions is that of numbers, and there is one event for each. So the first that is behind the
/// position is found by looking at single revisions: back from the session's in steps that double, until one is reached that is
/// not behind it, and from there by halves. Of each session that has any behind it, the first are looked at: as many as a page
/// has, or some more, since a session may have been in another conversation; but not more than the share of each in what a
/// statement looks at.
#[rustfmt::skip]
macro_rules! of_sessions {
    ($ids:expr) => {
        concat!(
            "named(id) AS MATERIALIZED (", $ids, "
             ), search(id, newest, low, high, step) AS (
                 SELECT id, revision, 1, revision + 1, 1 FROM channel_session
                 WHERE tenant_id = ?1 AND id IN (SELECT id FROM named)
                   AND (SELECT count(*) FROM named) <= ", max_sessions!(), "
                 UNION ALL
                 SELECT search.id, newest, iif(probe.number > ?2, low, ", middle!(), " + 1),
                        iif(probe.number > ?2, ", middle!(), ", high), iif(probe.number > ?2, min(2 * step, newest), step)
                 FROM search LEFT JOIN channel_session_event AS probe
                     ON probe.tenant_id = ?1 AND probe.session_id = search.id AND probe.revision = ", middle!(), "
                 WHERE low < high
             ), part AS MATERIALIZED (
                 SELECT id, newest, low AS first,
                        low + min(", max_scanned!(), " / count(*) OVER (), max(?4, 64)) - 1 AS last
                 FROM search WHERE low = high AND low <= newest
             ), scanned AS MATERIALIZED (
                 SELECT ", keys!(), ", revision = part.last AND part.last < newest AS is_cut
                 FROM part CROSS JOIN channel_session_event
                 WHERE tenant_id = ?1 AND session_id = part.id AND revision BETWEEN part.first AND part.last
                   AND number <= ?3
                 UNION ALL
                 ", in_order!(concat!("iif((SELECT count(*) FROM named) > ", max_sessions!(), ", ?2, ?3)")), "
             )"
        )
    };
}

/// Reads `scanned`, one of the tables that it takes: events behind the position, each with whether there may be more behind it
/// that were not looked at. Nothing behind the first of these (`last`) is returned.
///
/// The columns of `head` say, also where there is no event, how far events go, and whether the position can be gone on from.
macro_rules! statement {
    ($tables:expr, $scope:literal) => {
        concat!(
            "WITH RECURSIVE ", $tables, ", last(number) AS MATERIALIZED (
                 SELECT min(number) FROM scanned WHERE is_cut
             ), page AS MATERIALIZED (
                 SELECT * FROM (
                     SELECT *, sum(document_bytes) OVER (ORDER BY number) - document_bytes AS bytes_before FROM (
                         SELECT * FROM scanned
                         WHERE tenant_id = ?1 ", $scope, " AND number <= coalesce((SELECT number FROM last), ?3)
                         ORDER BY number LIMIT ?4))
                 WHERE bytes_before < 4194304
             ), head AS MATERIALIZED (
                 SELECT ", now_columns!(), ",
                        NOT EXISTS (
                            SELECT 1 FROM channel_session_epoch AS own
                            WHERE own.id = ?7
                              AND NOT EXISTS (SELECT 1 FROM channel_session_epoch AS later
                                              WHERE later.number > own.number AND later.last < ?2)) AS is_foreign,
                        (SELECT expired_to > ?2 FROM channel_session_event_log) AS has_expired,
                        (SELECT number FROM last) AS last_scanned
             )
             SELECT head.*, page.number, page.document_bytes, ", columns!("event"), ", ", past!("event"), "
             FROM head LEFT JOIN page ON true LEFT JOIN channel_session_event AS event ON event.number = page.number
             ORDER BY page.number"
        )
    };
}

/// What the statement has as a literal.
const _: () = assert!(MAX_EVENTS_BYTES == 4_194_304, "a page has as many");

/// The statement for a scope. Each takes the sessions as its fifth parameter, and the conversations as its sixth, both as
/// JSON arrays.
pub(super) fn of(scope: &Scope) -> &'static str {
    match scope {
        Scope::All => statement!(
            concat!("scanned AS MATERIALIZED (", in_order!("?2"), ")"),
            " AND ?5 IS NULL AND ?6 IS NULL "
        ),
        Scope::Session(_) => {
            statement!(of_sessions!("SELECT ?5 ->> 0"), " AND session_id = ?5 ->> 0 AND ?6 = '[]' ")
        }
        Scope::Conversation(_) => {
            statement!(of_sessions!(of_conversation!()), " AND conversation_id = ?6 ->> 0 AND ?5 = '[]' ")
        }
        Scope::Any(_) => statement!(
            concat!("scanned AS MATERIALIZED (", in_order!("?2"), ")"),
            " AND (?5 IS NULL OR session_id IN (SELECT value FROM json_each(?5))
                   OR conversation_id IN (SELECT value FROM json_each(?6))) "
        ),
    }
}

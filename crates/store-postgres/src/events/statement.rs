//! The statements that read what happened behind a position.

use domain::{event::Scope, store::MAX_EVENTS_BYTES};

use super::{
    in_order::{in_order, max_scanned, place, until},
    of_sessions::{max_sessions, of_conversation, of_sessions, unseen},
};
use crate::{
    epoch::database_id,
    event::{columns, past},
    position::now_columns,
};

/// Reads `scanned`, one of the tables that it takes: events behind the position, each with whether there may be more behind it
/// that were not looked at. Nothing behind the first of these (`last`) is returned.
///
/// The columns of `head` say, also where there is no event, what the statement itself sees, and whether the position can be
/// gone on from.
macro_rules! statement {
    ($tables:expr, $scope:literal, $columns:expr, $join:expr) => {
        concat!(
            "WITH RECURSIVE here AS MATERIALIZED (SELECT ", database_id!(), " AS database_id
             ), ", $tables, ", last AS MATERIALIZED (
                 SELECT transaction_id, ordinal FROM scanned WHERE is_cut ORDER BY ", place!(), " LIMIT 1
             ), page AS MATERIALIZED (
                 SELECT * FROM (
                     SELECT *, sum(document_bytes) OVER (ORDER BY ", place!(), ") - document_bytes AS bytes_before FROM (
                         SELECT * FROM scanned
                         WHERE tenant_id = $1 ", $scope, "
                           AND (NOT EXISTS (SELECT FROM last) OR (", place!(), ") <= (SELECT ", place!(), " FROM last))
                         ORDER BY ", place!(), " LIMIT $14) AS wanted) AS wanted
                 WHERE bytes_before < 4194304
             ), head AS MATERIALIZED (
                 SELECT ", now_columns!(), ",
                        NOT EXISTS (
                            SELECT FROM channel_session_epoch AS own
                            WHERE own.id = $2 AND own.database_id = (SELECT database_id FROM here)
                              AND NOT EXISTS (
                                  SELECT FROM channel_session_epoch AS later
                                  WHERE later.transaction_id > own.transaction_id AND later.transaction_id < $3::xid8
                                    AND NOT later.transaction_id = ANY($4::xid8[]))) AS is_foreign,
                        (SELECT coalesce(expired_to >= least($3::xid8, ($4::xid8[])[1]), false)
                                OR EXISTS (SELECT FROM unnest(expired_last) AS expired
                                           WHERE expired >= $3::xid8 OR expired = ANY($4::xid8[]))
                         FROM channel_session_event_log) AS has_expired,
                        (SELECT transaction_id::text || '.' || ordinal FROM last) AS last_scanned
             )
             SELECT head.*, page.transaction_id::text, page.ordinal, page.document_bytes,
                    NOT EXISTS (SELECT FROM channel_session_event AS next
                                WHERE next.transaction_id = page.transaction_id AND next.ordinal > page.ordinal) AS is_last,
                    ", $columns, "
             FROM head LEFT JOIN page ON true ", $join, "
             ORDER BY page.transaction_id <> coalesce($5::xid8, '0'), page.transaction_id, page.ordinal"
        )
    };
}

/// What the statement has as a literal.
const _: () = assert!(MAX_EVENTS_BYTES == 4_194_304, "a page has as many");

/// The statement for each scope, with more columns of the page.
macro_rules! by_scope {
    ($scope:expr, $columns:expr, $join:expr) => {
        match $scope {
            Scope::All => statement!(
                concat!("scanned AS MATERIALIZED (", in_order!(), ")"),
                " AND $15::text[] IS NULL AND $16::text[] IS NULL ",
                $columns,
                $join
            ),
            Scope::Session(_) => statement!(
                of_sessions!("SELECT ($15::text[])[1] AS id"),
                " AND session_id = ($15::text[])[1] AND $16::text[] = '{}' ",
                $columns,
                $join
            ),
            Scope::Conversation(_) => statement!(
                of_sessions!(of_conversation!()),
                " AND conversation_id = ($16::text[])[1] AND $15::text[] = '{}' ",
                $columns,
                $join
            ),
            Scope::Any(_) => statement!(
                concat!("scanned AS MATERIALIZED (", in_order!(), ")"),
                " AND ($15 IS NULL OR session_id = ANY($15) OR conversation_id = ANY($16)) ",
                $columns,
                $join
            ),
        }
    };
}

/// The statement for a scope. Each takes the sessions as its fifteenth parameter, and the conversations as its sixteenth.
pub(super) fn whole(scope: &Scope) -> &'static str {
    by_scope!(
        scope,
        concat!(columns!("page"), ", past.*"),
        concat!("LEFT JOIN LATERAL ", past!("page"), " AS past ON true")
    )
}

/// The same without what is in the events: only which they are.
pub(super) fn keys(scope: &Scope) -> &'static str {
    by_scope!(scope, "page.session_id, page.revision", "")
}

/// What is in the events that [`keys`] found, in their order.
pub(super) const CONTENTS: &str = concat!(
    "SELECT ",
    columns!("event"),
    ", past.*
     FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS key(session_id, revision, number)
     JOIN channel_session_event AS event
         ON event.tenant_id = $1 AND event.session_id = key.session_id AND event.revision = key.revision
     LEFT JOIN LATERAL ",
    past!("event"),
    " AS past ON true
     ORDER BY number"
);

//! The statements that read what happened behind a position.

use domain::event::Scope;

use crate::{
    epoch::database_id,
    event::{columns, past},
    position::now_columns,
};

/// How many events a statement looks at, whether or not they are in its scope: what it takes is bounded by this, however many
/// are kept. As a literal, since the planner would take a parameter for a tenth of the table.
macro_rules! max_scanned {
    () => {
        "1024"
    };
}
pub(super) const MAX_SCANNED: i64 = 1024;

/// Whether an event is visible at the end that was asked for, where one was.
macro_rules! until {
    () => {
        " transaction_id <= $9::xid8
          AND ($11::xid8 IS NULL OR (transaction_id < $11::xid8 AND NOT transaction_id = ANY($10::xid8[]))
               OR (transaction_id = $12::xid8 AND ordinal <= $13)) "
    };
}

/// The events behind a position in the order of their transactions, each part along the index: of the transaction that has
/// been delivered in part, of those that were under way then, and of those that came later.
macro_rules! in_order {
    () => {
        concat!(
            "SELECT * FROM (
                 (SELECT * FROM channel_session_event
                  WHERE transaction_id = $5::xid8 AND $5::xid8 < $3::xid8 AND ordinal > $6 AND ", until!(),
            "     ORDER BY transaction_id, ordinal LIMIT ", max_scanned!(), ")
                 UNION ALL
                 (SELECT * FROM channel_session_event
                  WHERE transaction_id = ANY($4::xid8[]) AND transaction_id <> coalesce($5::xid8, '0') AND ", until!(),
            "     ORDER BY transaction_id, ordinal LIMIT ", max_scanned!(), ")
                 UNION ALL
                 (SELECT * FROM channel_session_event
                  WHERE (transaction_id, ordinal) > ($7::xid8, $8) AND ", until!(),
            "     ORDER BY transaction_id, ordinal LIMIT ", max_scanned!(), ")) AS unseen
             ORDER BY transaction_id <> coalesce($5::xid8, '0'), transaction_id, ordinal LIMIT ", max_scanned!()
        )
    };
}

/// Whether an event is behind the position.
macro_rules! unseen {
    () => {
        " ((transaction_id, ordinal) > ($7::xid8, $8)
           OR transaction_id = ANY($4::xid8[]) AND (transaction_id <> coalesce($5::xid8, '0') OR ordinal > $6)) "
    };
}

/// The same of one session: among its newest, where those reach back to the position, since the order of its revisions is that
/// of transactions; otherwise among all events.
macro_rules! of_session {
    () => {
        concat!(
            "WITH newest AS MATERIALIZED (
                 SELECT * FROM channel_session_event WHERE tenant_id = $1 AND session_id = ($15::text[])[1]
                 ORDER BY revision DESC LIMIT ", max_scanned!(), "
             ), reach AS MATERIALIZED (
                 SELECT count(*) < ", max_scanned!(), " OR NOT bool_and(", unseen!(), ") AS is_enough FROM newest
             )
             SELECT * FROM newest WHERE (SELECT is_enough FROM reach) AND ", unseen!(), " AND ", until!(), "
             UNION ALL
             SELECT * FROM (", in_order!(), ") AS others WHERE NOT (SELECT is_enough FROM reach)"
        )
    };
}

/// The columns of `head` say, also where there is no event, what the statement itself sees, and whether the position can be
/// gone on from.
macro_rules! statement {
    ($scanned:expr, $scope:literal, $columns:expr, $join:expr) => {
        concat!(
            "WITH here AS MATERIALIZED (SELECT ", database_id!(), " AS database_id
             ), scanned AS MATERIALIZED (", $scanned, "
             ), page AS MATERIALIZED (
                 SELECT * FROM scanned WHERE tenant_id = $1 ", $scope, "
                 ORDER BY transaction_id <> coalesce($5::xid8, '0'), transaction_id, ordinal LIMIT $14
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
                        (SELECT count(*) FROM scanned) AS scanned,
                        (SELECT transaction_id::text || '.' || ordinal FROM scanned
                         ORDER BY transaction_id = coalesce($5::xid8, '0'), transaction_id DESC, ordinal DESC LIMIT 1)
                            AS last_scanned
             )
             SELECT head.*, page.transaction_id::text, page.ordinal,
                    NOT EXISTS (SELECT FROM channel_session_event AS next
                                WHERE next.transaction_id = page.transaction_id AND next.ordinal > page.ordinal) AS is_last,
                    ", $columns, "
             FROM head LEFT JOIN page ON true ", $join, "
             ORDER BY page.transaction_id <> coalesce($5::xid8, '0'), page.transaction_id, page.ordinal"
        )
    };
}

/// The statement for each scope, with more columns of the page.
macro_rules! by_scope {
    ($scope:expr, $columns:expr, $join:expr) => {
        match $scope {
            Scope::All => {
                statement!(in_order!(), " AND $15::text[] IS NULL AND $16::text[] IS NULL ", $columns, $join)
            }
            Scope::Session(_) => statement!(
                of_session!(),
                " AND session_id = ($15::text[])[1] AND $16::text[] = '{}' ",
                $columns,
                $join
            ),
            Scope::Conversation(_) => statement!(
                in_order!(),
                " AND conversation_id = ANY($16) AND $15::text[] = '{}' ",
                $columns,
                $join
            ),
            Scope::Any(_) => statement!(
                in_order!(),
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

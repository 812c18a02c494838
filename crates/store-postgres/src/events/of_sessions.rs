//! Events behind a position of the few sessions that can have any in the scope, whatever else has happened since.

/// As many sessions are looked at one by one; where there are more, all events are, in their order.
macro_rules! max_sessions {
    () => {
        "256"
    };
}
pub(super) use max_sessions;

/// Whether an event is behind the position.
macro_rules! unseen {
    () => {
        " ((transaction_id, ordinal) > ($7::xid8, $8)
           OR transaction_id = ANY($4::xid8[]) AND (transaction_id <> coalesce($5::xid8, '0') OR ordinal > $6)) "
    };
}
pub(super) use unseen;

/// The sessions of a conversation: those that are in it, and those that have left it since the position, each time that they
/// did. One that was deleted has no event in it any more.
macro_rules! of_conversation {
    () => {
        concat!(
            "(SELECT id FROM channel_session
              WHERE tenant_id = $1 AND conversation_id = ($16::text[])[1] ORDER BY id LIMIT ",
            max_sessions!(),
            " + 1)
             UNION ALL
             (SELECT session_id FROM channel_session_event
              WHERE tenant_id = $1 AND left_conversation_id = ($16::text[])[1]
                AND transaction_id >= least($3::xid8, ($4::xid8[])[1])
              ORDER BY transaction_id LIMIT ",
            max_sessions!(),
            " + 1)"
        )
    };
}
pub(super) use of_conversation;

/// The events of sessions, given as a query of their ids.
///
/// The order of a session's revisions is that of transactions, and there is one event for each. So the first that is behind
/// the position is found by looking at single revisions: back from the session's in steps that double, until one is reached
/// that is not behind it, and from there by halves. Of each session that has any behind it, the first are looked at: as many
/// as a page has, or some more, since a session may have been in another conversation; but not more than the share of each in
/// what a statement looks at.
macro_rules! of_sessions {
    ($ids:expr) => {
        concat!(
            "named AS MATERIALIZED (", $ids, "
             ), few AS MATERIALIZED (SELECT count(*) <= ", max_sessions!(), " AS are_few FROM named
             ), search AS (
                 SELECT id, revision AS newest, 1::bigint AS low, revision + 1 AS high, 1::bigint AS step
                 FROM channel_session
                 WHERE tenant_id = $1 AND id = ANY(ARRAY(SELECT id FROM named)) AND (SELECT are_few FROM few)
                 UNION ALL
                 SELECT id, newest, CASE WHEN is_unseen THEN low ELSE middle + 1 END,
                        CASE WHEN is_unseen THEN middle ELSE high END,
                        CASE WHEN is_unseen THEN least(2 * step, newest) ELSE step END
                 FROM search CROSS JOIN LATERAL (
                     SELECT middle,
                            coalesce((SELECT ", unseen!(), " FROM channel_session_event
                                      WHERE tenant_id = $1 AND session_id = search.id AND revision = middle),
                                     false) AS is_unseen
                     FROM (SELECT greatest((low + high) / 2, high - step) AS middle) AS next
                     OFFSET 0) AS probe
                 WHERE low < high
             ), part AS MATERIALIZED (
                 SELECT id, newest, low AS first,
                        low + least(", max_scanned!(), " / count(*) OVER (), greatest($14, 64)) - 1 AS last
                 FROM search WHERE low = high AND low <= newest
             ), scanned AS MATERIALIZED (
                 SELECT event.*, event.revision = part.last AND part.last < newest AS is_cut
                 FROM part CROSS JOIN LATERAL (
                     SELECT * FROM channel_session_event
                     WHERE tenant_id = $1 AND session_id = part.id AND revision BETWEEN part.first AND part.last
                     OFFSET 0) AS event
                 WHERE ", until!(), "
                 UNION ALL
                 SELECT * FROM (", in_order!(), ") AS others WHERE NOT (SELECT are_few FROM few)
             )"
        )
    };
}
pub(super) use of_sessions;

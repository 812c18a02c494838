//! Events behind a position in the order of their transactions, whosever they are.

/// How many events a statement looks at, whether or not they are in its scope: what it takes is bounded by this, however many
/// are kept. As a literal, since the planner would take a parameter for a tenth of the table.
macro_rules! max_scanned {
    () => {
        "1024"
    };
}
pub(super) use max_scanned;

/// The columns of the order in which events are returned: those of the transaction that has been delivered in part come first.
macro_rules! place {
    () => {
        " transaction_id <> coalesce($5::xid8, '0'), transaction_id, ordinal "
    };
}
pub(super) use place;

/// Whether an event is visible at the end that was asked for, where one was.
macro_rules! until {
    () => {
        " transaction_id <= $9::xid8
          AND ($11::xid8 IS NULL OR (transaction_id < $11::xid8 AND NOT transaction_id = ANY($10::xid8[]))
               OR (transaction_id = $12::xid8 AND ordinal <= $13)) "
    };
}
pub(super) use until;

/// The events behind the position, each part along the index: of the transaction that has been delivered in part, of those
/// that were under way then, and of those that came later. There may be more behind the last of as many as are looked at.
macro_rules! in_order {
    () => {
        concat!(
            "SELECT *, row_number() OVER (ORDER BY ", place!(), ") = ", max_scanned!(), " AS is_cut FROM (
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
             ORDER BY ", place!(), " LIMIT ", max_scanned!()
        )
    };
}
pub(super) use in_order;

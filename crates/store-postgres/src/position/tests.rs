//! Positions come back as they were given, nothing else is one, and reading on by them delivers everything once.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn snapshot(text: &str) -> Snapshot {
    Snapshot::from_database(text).expect("a snapshot")
}

fn cursor(delivered: Snapshot, partial: Option<(u64, i32)>) -> Cursor {
    let partial = partial.map(|(transaction, ordinal)| Partial { transaction, ordinal });
    Cursor { epoch: "0af3".into(), delivered, partial }
}

#[test]
fn a_position_comes_back_as_it_was() {
    for delivered in ["745:745:", "745:750:745,747,749", "790:800:"] {
        let delivered = snapshot(delivered);
        let mut cursors =
            vec![cursor(delivered.clone(), None), cursor(delivered.clone(), Some((delivered.xmax, 7)))];
        cursors.extend(delivered.running.first().map(|id| cursor(delivered.clone(), Some((*id, 1)))));
        for cursor in cursors {
            assert_eq!(Cursor::parse(&cursor.position()).expect("its own"), cursor);
        }
    }
}

#[test]
fn what_is_no_position_is_refused() {
    for text in [
        "",
        "p2",
        "p2~",
        "p2~0af3",
        "p2~0af3~",
        "p2~~745",
        "p2~0AF3~745",
        "p1~745.0",
        "s2~0af3~5",
        "p2~0af3~745.0",
        "p2~0af3~745.745",
        "p2~0af3~745.700.45",
        "p2~0af3~2",
        "p2~0af3~-745",
        "p2~0af3~745~",
        "p2~0af3~745~745",
        "p2~0af3~745~745.0",
        "p2~0af3~745~746.1",
        "p2~0af3~745~744.1",
        "p2~0af3~745~745.1~1",
        "p2~0af3~18446744073709551615",
        "p2~0af3~9223372036854775808",
        "p2~0af3~745 ",
        "745:745:",
    ] {
        assert!(matches!(Cursor::parse(&Position::new(text)), Err(Error::InvalidParameter(_))), "{text}");
    }
}

/// Transactions by the moments at which they begin, in the order of their ids, and end, and how many events each has.
fn transactions() -> impl Strategy<Value = Vec<(u32, u32, i32)>> {
    prop::collection::vec((0..20u32, 1..20u32, 0..4i32), 1..12).prop_map(|mut all| {
        all.sort_by_key(|(begin, ..)| *begin);
        all.into_iter().map(|(begin, takes, events)| (begin, begin + takes, events)).collect()
    })
}

const FIRST_ID: u64 = 100;

/// The snapshot of a moment, and where events are known to be durable.
fn at(transactions: &[(u32, u32, i32)], moment: u32) -> (Snapshot, u64) {
    let ids = || (FIRST_ID..).zip(transactions);
    let begun = ids().filter(|(_, (begin, ..))| *begin <= moment);
    let xmax = begun.clone().map(|(id, _)| id + 1).max().unwrap_or(FIRST_ID);
    let running = begun.filter(|(_, (_, end, _))| *end > moment).map(|(id, _)| id).collect();
    let delivered = ids().filter(|(_, (_, end, events))| *end <= moment && *events > 0);
    (Snapshot { xmax, running }, delivered.map(|(id, _)| id + 1).max().unwrap_or(FIRST))
}

/// The events that a statement of a moment returns behind a cursor, as the statement orders them.
fn behind(transactions: &[(u32, u32, i32)], cursor: &Cursor, moment: u32) -> Vec<(u64, i32)> {
    let visible = (FIRST_ID..).zip(transactions).filter(|(_, (_, end, _))| *end <= moment);
    let events = visible.flat_map(|(id, (_, _, events))| (1..=*events).map(move |ordinal| (id, ordinal)));
    let own = cursor.partial.map(|partial| partial.transaction);
    let mut unseen: Vec<_> = events
        .filter(|(id, ordinal)| {
            let is_delivered =
                cursor.partial.is_some_and(|it| it.transaction == *id && *ordinal <= it.ordinal);
            !cursor.delivered.sees(*id) && !is_delivered
        })
        .collect();
    unseen.sort_by_key(|(id, ordinal)| (own != Some(*id), *id, *ordinal));
    unseen
}

proptest! {
    #[test]
    fn reading_on_in_pages_of_any_size_delivers_every_event_once(
        transactions in transactions(),
        start in 0..20u32,
        pages in prop::collection::vec((0..3u32, 1..5usize), 1..60),
    ) {
        let (visible, durable) = at(&transactions, start);
        let mut cursor = cursor(visible.before(durable), None);
        let mut delivered: Vec<(u64, i32)> = Vec::new();
        let mut moment = start;
        // At the end, everything is over.
        for (later, size) in pages.into_iter().chain(std::iter::repeat_n((50, 3), 40)) {
            moment += later;
            let (visible, durable) = at(&transactions, moment);
            let unseen = behind(&transactions, &cursor, moment);
            let page: Vec<_> = unseen.iter().copied().take(size).collect();
            delivered.extend(&page);
            let before = cursor.clone();
            cursor = match page.last() {
                Some((transaction, ordinal)) if page.len() == size => {
                    let is_last = unseen.get(size).is_some_and(|(next, _)| next != transaction);
                    let last = Partial { transaction: *transaction, ordinal: *ordinal };
                    cursor.up_to(&visible, last, is_last)
                }
                _ => cursor.and(&visible, durable),
            };
            prop_assert!(before.is_within(&cursor), "{before:?} {cursor:?}");
            prop_assert_eq!(&Cursor::parse(&cursor.position()).expect("its own"), &cursor);
            // None counts as seen whose id may come again: those that end without an event, above all that have one.
            prop_assert!(cursor.delivered.xmax <= durable.max(FIRST_ID), "{cursor:?} {durable}");
        }
        let all: BTreeSet<_> = delivered.iter().copied().collect();
        prop_assert_eq!(all.len(), delivered.len(), "none twice: {:?}", delivered);
        let later = transactions.iter().filter(|(_, end, _)| *end > start);
        let expected: usize = later.map(|(_, _, events)| *events as usize).sum();
        prop_assert_eq!(delivered.len(), expected, "all that was not visible at the start");
    }
}

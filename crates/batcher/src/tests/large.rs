//! Large sessions, and the others beside them.

use domain::{
    command::{Create, Existing},
    session::Document,
};

use super::*;

fn creation(id: &str, bytes: usize) -> Command {
    let text = format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes));
    let document = Document::parse(&text).expect("a document");
    let create = Create { document, existing: Existing::Replace };
    Command { operation: Operation::Create(create), ..deletion(id) }
}

/// They are worked on a few at a time, here one, by themselves, and the others do not wait for them.
#[tokio::test]
async fn a_large_session_has_a_batch_of_its_own_beside_the_others() {
    let bench = Bench::with(Options { min_batch: 100, ..options() });
    let large = |id: &str| bench.submit(vec![creation(id, 2 * LARGE_BYTES)]);
    let first = large("large-1");
    bench.begun(1).await;
    let rest = [large("large-2"), large("large-3")];
    bench.asked(2).await;
    let small = bench.ask(&["a"]);
    bench.begun(1).await;
    assert_eq!(bench.batches(), [["large-1"], ["a"]]);
    bench.log.gate.add_permits(4);
    all_are_ok([first, small].into_iter().chain(rest)).await;
    assert_eq!(bench.batches()[2..], [["large-2"], ["large-3"]]);
}

#[tokio::test]
async fn neither_kind_keeps_the_other_waiting_for_ever() {
    let bench = Bench::with(Options {
        max_in_flight: 1,
        max_slow_in_flight: 1,
        max_batch: 1,
        max_bulk: 1,
        ..options()
    });
    let first = bench.ask(&["first"]);
    bench.begun(1).await;
    let small = bench.ask(&["a", "b", "c"]);
    let large = ["x", "y", "z"].map(|id| bench.submit(vec![creation(id, 2 * LARGE_BYTES)]));
    bench.asked(6).await;
    bench.log.gate.add_permits(7);
    all_are_ok([first, small].into_iter().chain(large)).await;
    let batches = bench.batches().concat();
    assert_eq!(
        batches.iter().map(String::as_str).collect::<Vec<_>>(),
        ["first", "x", "a", "y", "b", "z", "c"]
    );
}

#[tokio::test]
async fn all_of_a_session_that_is_submitted_at_once_stays_in_its_order() {
    let bench = Bench::new();
    let first = bench.ask(&["b"]);
    bench.begun(1).await;
    let commands = vec![creation("a", 1), creation("a", 2 * LARGE_BYTES), deletion("a"), deletion("c")];
    let commands = bench.submit(commands);
    bench.log.gate.add_permits(3);
    let revisions: Vec<_> =
        commands.await.expect("no panic").into_iter().map(|it| it.expect("it is written").revision).collect();
    assert!(revisions[..3].is_sorted());
    all_are_ok([first]).await;
    assert!(bench.batches().contains(&vec!["a".to_owned(); 3]), "{:?}", bench.batches());
}

#[test]
fn a_session_is_as_large_as_it_was_last_seen() {
    let mut large = Large::default();
    for (bytes, is_large) in [(LARGE_BYTES, false), (LARGE_BYTES + 1, true), (10, false)] {
        large.saw(7, bytes);
        assert_eq!(large.contains(7), is_large, "{bytes}");
    }
}

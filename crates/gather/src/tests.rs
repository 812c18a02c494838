//! What is gathered, and what never is.

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{
    change::{Delete, Operation},
    session::Revision,
};
use tokio::sync::Semaphore;

use super::*;

const OPTIONS: Options = Options {
    workers: 2,
    max_workers: 3,
    company: 1,
    patience: Duration::from_secs(60),
    max_batch: 4,
    max_waiting: 8,
};

fn deletion(id: &str) -> Change {
    Change::new(Id::parse(id).expect("an id"), Operation::Delete(Delete::default()))
}

/// Batches as they were written, by their sessions; each waits until it is let through.
struct Bench {
    gather: Gather<Change>,
    batches: Arc<Mutex<Vec<Vec<String>>>>,
    gate: Arc<Semaphore>,
    begun: Arc<Semaphore>,
}

impl Bench {
    fn new() -> Self {
        Self::with(OPTIONS)
    }

    fn with(options: Options) -> Self {
        let (batches, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let (begun, count) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let (to, through, begin) = (batches.clone(), gate.clone(), begun.clone());
        let gather = Gather::new(options, move |changes: Vec<Change>| {
            let (to, through, begin, count) = (to.clone(), through.clone(), begin.clone(), count.clone());
            async move {
                let ids: Vec<String> = changes.iter().map(|change| change.id.as_str().to_owned()).collect();
                assert!(!ids.contains(&"panic".to_owned()), "as it was told to");
                to.lock().expect("no poison").push(ids);
                begin.add_permits(1);
                through.acquire().await.expect("open").forget();
                let number = |_| Revision::new(count.fetch_add(1, Ordering::Relaxed) as i64);
                let answer = |revision| Ok(Changed { revision, document: None, changed: true });
                changes.iter().map(number).map(answer).collect()
            }
        });
        Self { gather, batches, gate, begun }
    }

    fn ask(&self, ids: &[&str]) -> tokio::task::JoinHandle<Vec<Result<Changed, Error>>> {
        let (gather, changes) = (self.gather.clone(), ids.iter().map(|id| deletion(id)).collect());
        tokio::spawn(async move { gather.submit(changes).await })
    }

    async fn begun(&self, batches: u32) {
        self.begun.acquire_many(batches).await.expect("open").forget();
    }

    async fn asked(&self, waiting: usize) {
        while self.gather.shared.lock().waiting.len() != waiting {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_comes_while_a_batch_is_written_is_gathered_into_the_next() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let second = bench.ask(&["b"]);
    bench.begun(1).await;
    let rest = [bench.ask(&["c"]), bench.ask(&["d", "e"])];
    bench.asked(3).await;
    bench.gate.add_permits(3);
    for task in [first, second].into_iter().chain(rest) {
        for result in task.await.expect("no panic") {
            assert!(result.expect("it is written").changed);
        }
    }
    let batches = bench.batches.lock().expect("no poison").clone();
    assert_eq!(batches[..2], [vec!["a"], vec!["b"]]);
    assert_eq!(batches[2..], [vec!["c", "d", "e"]]);
}

#[tokio::test]
async fn a_session_is_in_the_hands_of_one_writer_and_its_changes_keep_their_order() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    // A writer is free, and has to leave both of them alone.
    let second = bench.ask(&["a", "a"]);
    let other = bench.ask(&["b"]);
    bench.begun(1).await;
    assert_eq!(*bench.batches.lock().expect("no poison"), [vec!["a"], vec!["b"]]);
    bench.gate.add_permits(3);
    let revisions: Vec<_> =
        second.await.expect("no panic").into_iter().map(|it| it.expect("it is written").revision).collect();
    assert!(revisions.is_sorted());
    first.await.expect("no panic");
    other.await.expect("no panic");
    assert_eq!(bench.batches.lock().expect("no poison")[2], ["a", "a"]);
}

#[tokio::test]
async fn what_has_no_room_is_refused_at_once() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let waiting = bench.ask(&["a"; 8]);
    bench.asked(8).await;
    let refused = bench.gather.submit(vec![deletion("b")]).await;
    assert!(matches!(refused[..], [Err(Error::Overloaded)]), "{refused:?}");
    bench.gate.add_permits(3);
    for task in [first, waiting] {
        assert!(task.await.expect("no panic").iter().all(Result::is_ok));
    }
}

#[tokio::test]
async fn a_panic_fails_its_batch_and_nobody_else() {
    let bench = Bench::new();
    bench.gate.add_permits(1);
    let failed = bench.gather.submit(vec![deletion("panic")]).await;
    assert!(matches!(failed[..], [Err(Error::Internal(_))]), "{failed:?}");
    assert!(bench.gather.submit(vec![deletion("a")]).await[0].is_ok());
    bench.gather.finish().await;
}

#[tokio::test(start_paused = true)]
async fn beside_a_batch_that_hangs_another_is_begun_for_enough_company_or_after_a_while() {
    let bench = Bench::with(Options { company: 2, ..OPTIONS });
    let hangs = bench.ask(&["a"]);
    bench.begun(1).await;
    let alone = bench.ask(&["b"]);
    bench.asked(1).await;
    let company = bench.ask(&["c"]);
    bench.begun(1).await;
    bench.gate.add_permits(2);
    assert!(alone.await.expect("no panic")[0].is_ok() && company.await.expect("no panic")[0].is_ok());
    assert!(hangs.await.expect("no panic")[0].is_ok());
    assert_eq!(*bench.batches.lock().expect("no poison"), [vec!["a"], vec!["b", "c"]]);

    let hangs = bench.ask(&["a"]);
    bench.begun(1).await;
    let alone = bench.ask(&["b"]);
    // The clock of the test goes on by itself when nothing else does.
    bench.begun(1).await;
    bench.gate.add_permits(2);
    assert!(alone.await.expect("no panic")[0].is_ok() && hangs.await.expect("no panic")[0].is_ok());
}

#[tokio::test(start_paused = true)]
async fn beside_the_usual_batches_another_is_begun_only_when_they_hang() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let second = bench.ask(&["b"]);
    bench.begun(1).await;
    let rest = [bench.ask(&["c"]), bench.ask(&["d"]), bench.ask(&["e"])];
    bench.asked(3).await;
    assert_eq!(bench.batches.lock().expect("no poison").len(), 2);
    // The clock of the test goes on by itself when nothing else does.
    bench.begun(1).await;
    assert_eq!(bench.batches.lock().expect("no poison")[2], ["c", "d", "e"]);
    bench.gate.add_permits(3);
    for task in [first, second].into_iter().chain(rest) {
        assert!(task.await.expect("no panic")[0].is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_only_batches_at_work_that_hang_does_not_wait() {
    let bench = Bench::with(Options { company: 2, ..OPTIONS });
    let hangs = bench.ask(&["a"]);
    bench.begun(1).await;
    tokio::time::advance(OPTIONS.patience).await;
    let since = Instant::now();
    let alone = bench.ask(&["b"]);
    bench.begun(1).await;
    assert_eq!(since.elapsed(), Duration::ZERO);

    // The one that has just begun may end soon: beside that one, others are waited for.
    let next = bench.ask(&["c"]);
    bench.asked(1).await;
    assert_eq!(*bench.batches.lock().expect("no poison"), [vec!["a"], vec!["b"]]);
    bench.gate.add_permits(3);
    for task in [hangs, alone, next] {
        assert!(task.await.expect("no panic")[0].is_ok());
    }
}

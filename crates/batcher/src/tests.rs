//! What is put into a batch, and what never is.

mod large;
mod tenants;

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use domain::{
    caller::{Caller, Requester},
    command::{Command, CommandResult, Delete, Operation},
    session::{Id, Revision, TenantId},
    time::Timestamp,
};
use telemetry::Signal;
use tokio::{sync::Semaphore, task::JoinHandle, time::Instant};

use super::*;

fn options() -> Options {
    Options {
        max_in_flight: 2,
        max_slow_in_flight: 3,
        max_stalled: 0,
        min_batch: 1,
        slow_after: Duration::from_secs(60),
        stalled_after: Duration::from_secs(600),
        max_batch: 4,
        max_bulk: 4,
        max_large: 1,
        max_waiting: 8,
        ..Options::default()
    }
}

fn deletion(id: &str) -> Command {
    let caller = Caller::new(TenantId::only(), Requester::anonymous());
    let id = Id::parse(id).expect("an id");
    caller.command(id, Operation::Delete(Delete::default()), Timestamp::default())
}

/// Batches as they were worked on, by their sessions; each waits until it is let through.
struct Bench {
    batcher: Batcher<Command>,
    log: Arc<Log>,
}

struct Log {
    batches: Mutex<Vec<Vec<String>>>,
    gate: Semaphore,
    begun: Semaphore,
    count: AtomicI64,
    /// Sessions that somebody else has locked.
    locked: Mutex<Vec<String>>,
}

impl Bench {
    fn new() -> Self {
        Self::with(options())
    }

    fn with(options: Options) -> Self {
        let log = Arc::new(Log {
            batches: Mutex::default(),
            gate: Semaphore::new(0),
            begun: Semaphore::new(0),
            count: AtomicI64::new(0),
            locked: Mutex::default(),
        });
        let work = log.clone();
        Self { batcher: Batcher::new(options, move |commands, _| work.clone().work(commands)), log }
    }

    fn ask(&self, ids: &[&str]) -> JoinHandle<Vec<Result<CommandResult, Error>>> {
        self.submit(ids.iter().map(|id| deletion(id)).collect())
    }

    fn submit(&self, commands: Vec<Command>) -> JoinHandle<Vec<Result<CommandResult, Error>>> {
        let batcher = self.batcher.clone();
        tokio::spawn(async move { batcher.submit(commands).await })
    }

    async fn begun(&self, batches: u32) {
        self.log.begun.acquire_many(batches).await.expect("open").forget();
    }

    async fn asked(&self, ready: usize) {
        while self.batcher.shared.lock().queue.ready() != ready {
            tokio::task::yield_now().await;
        }
    }

    fn has_room(&self) -> bool {
        let tenant = self.batcher.shared.tenant(&deletion("x"));
        self.batcher.shared.lock().queue.make_room(tenant, 1)
    }

    fn batches(&self) -> Vec<Vec<String>> {
        self.log.batches.lock().expect("no poison").clone()
    }
}

impl Log {
    async fn work(self: Arc<Self>, commands: Vec<Command>) -> Vec<Verdict<Command>> {
        let ids: Vec<String> = commands.iter().map(|command| command.id.as_str().to_owned()).collect();
        assert!(!ids.contains(&"panic".to_owned()), "as it was asked to");
        self.batches.lock().expect("no poison").push(ids);
        self.begun.add_permits(1);
        self.gate.acquire().await.expect("open").forget();
        let locked = self.locked.lock().expect("no poison").clone();
        let verdict = |command: Command| {
            if locked.iter().any(|id| id == command.id.as_str()) {
                return Verdict::Blocked(command);
            }
            let revision = Revision::new(self.count.fetch_add(1, Ordering::Relaxed));
            Verdict::Answered(Ok(CommandResult { revision, document: None, changed: true, replayed: false }))
        };
        commands.into_iter().map(verdict).collect()
    }
}

async fn all_are_ok(tasks: impl IntoIterator<Item = JoinHandle<Vec<Result<CommandResult, Error>>>>) {
    for task in tasks {
        for result in task.await.expect("no panic") {
            assert!(result.expect("it is written").changed);
        }
    }
}

#[tokio::test]
async fn what_comes_while_batches_are_in_flight_is_put_into_the_next() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let second = bench.ask(&["b"]);
    bench.begun(1).await;
    let rest = [bench.ask(&["c"]), bench.ask(&["d", "e"])];
    bench.asked(3).await;
    bench.log.gate.add_permits(3);
    all_are_ok([first, second].into_iter().chain(rest)).await;
    assert_eq!(bench.batches(), [vec!["a"], vec!["b"], vec!["c", "d", "e"]]);
}

#[tokio::test]
async fn a_session_is_in_one_batch_at_a_time_and_its_changes_keep_their_order() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    // Another batch is started, and has to leave both of them alone.
    let second = bench.ask(&["a", "a"]);
    let other = bench.ask(&["b"]);
    bench.begun(1).await;
    assert_eq!(bench.batches(), [vec!["a"], vec!["b"]]);
    bench.log.gate.add_permits(3);
    let revisions: Vec<_> =
        second.await.expect("no panic").into_iter().map(|it| it.expect("it is written").revision).collect();
    assert!(revisions.is_sorted());
    all_are_ok([first, other]).await;
    assert_eq!(bench.batches()[2], ["a", "a"]);
}

#[tokio::test]
async fn what_has_no_room_is_refused_at_once() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let waiting = bench.ask(&["a"; 8]);
    while bench.has_room() {
        tokio::task::yield_now().await;
    }
    let refused = bench.batcher.submit(vec![deletion("b")]).await;
    assert!(matches!(refused[..], [Err(Error::Overloaded)]), "{refused:?}");
    bench.log.gate.add_permits(3);
    all_are_ok([first, waiting]).await;
}

/// Otherwise a session that many callers want would take everybody's room.
#[tokio::test]
async fn so_many_wait_for_one_session_and_more_are_refused() {
    let bench = Bench::with(Options { max_waiting_for_session: 2, ..options() });
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let waiting = bench.ask(&["a"; 3]);
    bench.log.gate.add_permits(2);
    let results = waiting.await.expect("no panic");
    assert!(matches!(results[..], [Ok(_), Ok(_), Err(Error::Overloaded)]), "{results:?}");
    all_are_ok([first]).await;
}

#[tokio::test]
async fn what_nobody_waits_for_any_longer_gives_its_room_back() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let cancelled: Vec<_> = (0..8).map(|_| deletion("a")).collect();
    for command in &cancelled {
        let _ = command.cancel_handle.cancel();
    }
    let cancelled = bench.submit(cancelled);
    let next = bench.ask(&["b"]);
    bench.begun(1).await;
    bench.log.gate.add_permits(2);
    all_are_ok([first, next]).await;
    assert!(cancelled.await.expect("no panic").iter().all(Result::is_err));
    assert_eq!(bench.batches(), [vec!["a"], vec!["b"]]);
}

#[tokio::test]
async fn what_waits_for_a_batch_goes_with_its_caller_and_what_is_in_one_is_worked_on() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    for command in ["a", "b"] {
        let mut left = Box::pin(bench.batcher.submit(vec![deletion(command)]));
        assert!(futures_util::poll!(&mut left).is_pending());
        if command == "b" {
            bench.begun(1).await;
        }
    }
    bench.log.gate.add_permits(2);
    all_are_ok([first]).await;
    bench.batcher.finish().await;
    assert_eq!(bench.batches(), [vec!["a"], vec!["b"]]);
    assert_eq!(bench.log.count.load(Ordering::Relaxed), 2);
}

static SIGNALS: Mutex<Vec<Signal>> = Mutex::new(Vec::new());

struct Recorder;

impl telemetry::Recorder for Recorder {
    fn record(&self, signal: Signal) {
        SIGNALS.lock().expect("no poison").push(signal);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_says_how_large_it_was_how_long_it_had_waited_and_how_long_it_took() {
    telemetry::install(Recorder);
    let bench = Bench::with(Options { max_in_flight: 1, max_slow_in_flight: 1, ..options() });
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let waiting = bench.ask(&["s"; 3]);
    bench.asked(3).await;
    tokio::time::advance(Duration::from_millis(40)).await;
    bench.log.gate.add_permits(1);
    bench.begun(1).await;
    tokio::time::advance(Duration::from_millis(7)).await;
    bench.log.gate.add_permits(1);
    all_are_ok([first, waiting]).await;
    let (waited, took) = (Duration::from_millis(40), Duration::from_millis(7));
    let signal = Signal::Batch { of: "commands", size: 3, waited, took };
    let signals = SIGNALS.lock().expect("no poison");
    assert!(signals.contains(&signal), "{signals:?}");
}

#[tokio::test]
async fn a_panic_fails_its_batch_and_nobody_else() {
    let bench = Bench::new();
    bench.log.gate.add_permits(1);
    let failed = bench.batcher.submit(vec![deletion("panic")]).await;
    assert!(matches!(failed[..], [Err(Error::Internal(_))]), "{failed:?}");
    all_are_ok([bench.ask(&["a"])]).await;
    bench.batcher.finish().await;
}

/// Thousand updates of one caller are ahead, and a lone one still is in the next batch.
#[tokio::test]
async fn a_single_item_does_not_wait_for_those_that_come_many_at_a_time() {
    let bench = Bench::with(Options { max_in_flight: 1, max_bulk: 2, max_waiting: 64, ..options() });
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let bulk = bench.ask(&["b", "c", "d", "e", "f", "g"]);
    bench.asked(6).await;
    let singles = [bench.ask(&["x"]), bench.ask(&["y"]), bench.ask(&["z"])];
    bench.asked(9).await;
    bench.log.gate.add_permits(5);
    all_are_ok([first, bulk].into_iter().chain(singles)).await;
    assert_eq!(bench.batches(), [vec!["a"], vec!["x", "y", "b", "c"], vec!["z", "d", "e"], vec!["f", "g"]]);
}

#[tokio::test(start_paused = true)]
async fn beside_a_batch_that_is_slow_another_is_started() {
    let bench = Bench::with(Options { min_batch: 2, ..options() });
    let slow = bench.ask(&["a"]);
    bench.begun(1).await;
    let alone = bench.ask(&["b"]);
    bench.asked(1).await;
    let enough = bench.ask(&["c"]);
    bench.begun(1).await;
    bench.log.gate.add_permits(2);
    all_are_ok([slow, alone, enough]).await;
    assert_eq!(bench.batches(), [vec!["a"], vec!["b", "c"]]);

    let slow = bench.ask(&["a"]);
    bench.begun(1).await;
    let alone = bench.ask(&["b"]);
    // The clock of the test goes on by itself when nothing else does.
    bench.begun(1).await;
    bench.log.gate.add_permits(2);
    all_are_ok([alone, slow]).await;
}

#[tokio::test(start_paused = true)]
async fn beside_the_usual_batches_another_is_started_only_when_they_are_slow() {
    let bench = Bench::new();
    let first = bench.ask(&["a"]);
    bench.begun(1).await;
    let second = bench.ask(&["b"]);
    bench.begun(1).await;
    let rest = [bench.ask(&["c"]), bench.ask(&["d"]), bench.ask(&["e"])];
    bench.asked(3).await;
    assert_eq!(bench.batches().len(), 2);
    // The clock of the test goes on by itself when nothing else does.
    bench.begun(1).await;
    assert_eq!(bench.batches()[2], ["c", "d", "e"]);
    bench.log.gate.add_permits(3);
    all_are_ok([first, second].into_iter().chain(rest)).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_only_slow_batches_in_flight_does_not_wait() {
    let bench = Bench::with(Options { min_batch: 2, ..options() });
    let slow = bench.ask(&["a"]);
    bench.begun(1).await;
    tokio::time::advance(options().slow_after).await;
    let since = Instant::now();
    let alone = bench.ask(&["b"]);
    bench.begun(1).await;
    assert_eq!(since.elapsed(), Duration::ZERO);

    // The one that has just begun may end soon: beside that one, others are waited for.
    let next = bench.ask(&["c"]);
    bench.asked(1).await;
    assert_eq!(bench.batches(), [vec!["a"], vec!["b"]]);
    bench.log.gate.add_permits(3);
    all_are_ok([slow, alone, next]).await;
}

/// Connections that went silent: each batch stalls until its connection is closed, and others go on all the same.
#[tokio::test(start_paused = true)]
async fn batches_that_stall_are_replaced() {
    let bench = Bench::with(Options { max_stalled: 4, stalled_after: options().slow_after, ..options() });
    let mut stalled = Vec::new();
    for id in ["a", "b", "c", "d", "e", "f"] {
        stalled.push(bench.ask(&[id]));
        bench.begun(1).await;
        tokio::time::advance(options().slow_after).await;
    }
    let alone = bench.ask(&["g"]);
    bench.begun(1).await;
    // There is an end to it: these take connections.
    let late = bench.ask(&["h"]);
    bench.asked(1).await;
    tokio::time::advance(options().slow_after * 10).await;
    assert_eq!(bench.batches().len(), 7);
    bench.log.gate.add_permits(8);
    all_are_ok(stalled.into_iter().chain([alone, late])).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_somebody_else_has_locked_holds_up_nobody_and_keeps_its_order() {
    let bench = Bench::new();
    bench.log.gate.add_permits(100);
    bench.log.locked.lock().expect("no poison").push("locked".to_owned());
    let blocked = bench.ask(&["locked", "locked", "free"]);
    bench.begun(3).await;
    let later = bench.ask(&["locked"]);
    for id in ["a", "b", "c"] {
        all_are_ok([bench.ask(&[id])]).await;
    }
    assert!(!blocked.is_finished());
    let batches = bench.batches();
    assert_eq!(batches[0], ["locked", "locked", "free"]);
    assert!(batches[1..].iter().all(|batch| batch.len() <= 3), "{batches:?}");
    bench.log.locked.lock().expect("no poison").clear();
    let revision = |result: &Result<CommandResult, Error>| result.as_ref().expect("it is written").revision;
    let (blocked, later) = (blocked.await.expect("no panic"), later.await.expect("no panic"));
    assert!(revision(&blocked[0]) < revision(&blocked[1]) && revision(&blocked[1]) < revision(&later[0]));
    bench.batcher.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_locked_session_is_waited_for_for_a_time_only() {
    let bench = Bench::new();
    bench.log.gate.add_permits(10_000);
    bench.log.locked.lock().expect("no poison").push("locked".to_owned());
    let results = bench.ask(&["locked"]).await.expect("no panic");
    assert!(matches!(results[..], [Err(Error::StoreUnavailable { .. })]), "{results:?}");
    bench.batcher.finish().await;
}

//! What is delivered to watchers, fast or slow, from now or from before.

mod tail;

use std::time::Duration;

use domain::{
    command::{Command, Create, Existing, Operation},
    session::Revision,
    store::Expired,
    time::Timestamp,
    update::Update,
};
use store_testkit::{memory::Memory, parsed};

use super::*;

const SESSION: &str = r#"{"conversationId":"c"}"#;

/// A hub, and the store behind it.
struct Bench {
    store: Arc<dyn Store>,
    hub: Hub,
}

impl Bench {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        Self { hub: Hub::new(store.clone(), options), store }
    }

    async fn execute(&self, id: &str, operation: Operation) -> Revision {
        let change = parsed::command(parsed::id(id), operation);
        let [result] = <[_; 1]>::try_from(self.store.execute(vec![change]).await).expect("one result");
        self.hub.wake(&TenantId::only());
        result.expect("the change is made").revision
    }

    async fn create(&self, id: &str, document: &str) {
        let create = Create { document: parsed::document(document), existing: Existing::Refuse };
        self.execute(id, Operation::Create(create)).await;
    }

    async fn set(&self, id: &str, key: &str, value: i64) -> Revision {
        let attributes = format!(r#"[{{"key":"{key}","type":"Number","value":{value}}}]"#);
        self.execute(id, Operation::Update(Update::attach(parsed::attributes(&attributes), 10))).await
    }

    async fn watch(&self, wanted: Subscription) -> Watcher {
        self.hub.watch(wanted).await.expect("there is a permit")
    }
}

fn wanted(scope: Scope) -> Subscription {
    Subscription { tenant: TenantId::only(), scope, keys: Vec::new(), after: None }
}

/// What is delivered to a watcher next, within a limit.
async fn next(watcher: &mut Watcher) -> Result<Delivery, Error> {
    tokio::time::timeout(Duration::from_secs(60), watcher.next()).await.expect("something is delivered")
}

/// The next event's session and revision, and the position behind it. Checkpoints are passed over.
async fn event(watcher: &mut Watcher) -> (String, i64, Position) {
    loop {
        let Delivery { event, position } = next(watcher).await.expect("the watch goes on");
        if let Some(event) = event {
            return (event.session_id.as_str().to_owned(), event.revision.get(), position);
        }
    }
}

async fn revisions(watcher: &mut Watcher, count: usize) -> Vec<i64> {
    let mut revisions = Vec::new();
    while revisions.len() < count {
        revisions.push(event(watcher).await.1);
    }
    revisions
}

#[tokio::test]
async fn a_watch_from_now_begins_with_a_heartbeat_and_delivers_what_comes() {
    let bench = Bench::new();
    bench.create("x", SESSION).await;
    let mut watcher = bench.watch(wanted(Scope::All)).await;
    assert!(next(&mut watcher).await.expect("the watch goes on").event.is_none());
    bench.set("x", "k", 1).await;
    bench.create("y", "{}").await;
    let delivered =
        [event(&mut watcher).await, event(&mut watcher).await].map(|(id, revision, _)| (id, revision));
    assert_eq!(delivered, [("x".to_owned(), 2), ("y".to_owned(), 1)]);
}

#[tokio::test]
async fn a_watch_from_a_position_tells_what_came_since_and_then_what_comes() {
    let bench = Bench::new();
    bench.create("x", SESSION).await;
    let before = bench.store.position().await.expect("a position");
    for value in 0..40 {
        bench.set("x", "k", value).await;
    }
    let after = Some(before);
    let mut watcher = bench.watch(Subscription { after, ..wanted(Scope::Session(parsed::id("x"))) }).await;
    assert!(next(&mut watcher).await.expect("the watch goes on").event.is_none(), "a checkpoint comes first");
    assert_eq!(revisions(&mut watcher, 40).await, (2..=41).collect::<Vec<_>>());
    bench.set("x", "k", 100).await;
    let (_, revision, position) = event(&mut watcher).await;
    assert_eq!(revision, 42);

    // As does one that goes on from there.
    bench.set("x", "k", 101).await;
    let mut again = bench.watch(Subscription { after: Some(position), ..wanted(Scope::All) }).await;
    assert_eq!(event(&mut again).await.1, 43);
}

#[tokio::test]
async fn the_scope_and_the_keys_say_what_is_delivered() {
    let bench = Bench::new();
    let before = bench.store.position().await.expect("a position");
    let scopes =
        [Scope::All, Scope::Session(parsed::id("x")), Scope::Conversation("c".to_owned())].map(wanted);
    let keyed = Subscription { keys: vec!["b".to_owned(), "c".to_owned()], ..wanted(Scope::All) };
    // From now on events come from the tail, from before from the store.
    let mut watchers = Vec::new();
    for wanted in scopes.into_iter().chain([keyed]) {
        watchers.push(bench.watch(wanted.clone()).await);
        watchers.push(bench.watch(Subscription { after: Some(before.clone()), ..wanted }).await);
    }
    bench.create("x", SESSION).await;
    bench.create("y", SESSION).await;
    bench.create("z", "{}").await;
    for id in ["x", "y", "z"] {
        bench.set(id, "a", 1).await;
        bench.set(id, "b", 1).await;
    }
    let expected: [&[(&str, i64)]; 4] = [
        &[("x", 1), ("y", 1), ("z", 1), ("x", 2), ("x", 3), ("y", 2), ("y", 3), ("z", 2), ("z", 3)],
        &[("x", 1), ("x", 2), ("x", 3)],
        &[("x", 1), ("y", 1), ("x", 2), ("x", 3), ("y", 2), ("y", 3)],
        &[("x", 3), ("y", 3), ("z", 3)],
    ];
    for (watcher, expected) in watchers.iter_mut().zip(expected.iter().flat_map(|it| [it, it])) {
        for (id, revision) in *expected {
            let delivered = event(watcher).await;
            assert_eq!((&*delivered.0, delivered.1), (*id, *revision));
        }
    }
}

/// Far more than is kept waiting for it, while it reads nothing.
#[tokio::test]
async fn a_slow_watcher_misses_nothing() {
    let bench = Bench::new();
    bench.create("x", SESSION).await;
    let mut slow = bench.watch(wanted(Scope::All)).await;
    let mut fast = bench.watch(wanted(Scope::All)).await;
    let count = 1000;
    for value in 0..count {
        bench.set("x", "k", value).await;
    }
    // By the time that one of them has received everything, the tail has long passed the other one by.
    let expected: Vec<i64> = (2..count + 2).collect();
    assert_eq!(revisions(&mut fast, expected.len()).await, expected);
    assert_eq!(revisions(&mut slow, expected.len()).await, expected);
    bench.set("x", "k", -1).await;
    assert_eq!(event(&mut slow).await.1, count + 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_loses_nothing() {
    let bench = Bench::new();
    bench.create("x", SESSION).await;
    let before = bench.store.position().await.expect("a position");
    for value in 0..100 {
        bench.set("x", "k", value).await;
    }
    let mut watcher = bench.watch(Subscription { after: Some(before), ..wanted(Scope::All) }).await;
    let mut delivered = Vec::new();
    while delivered.len() < 100 {
        // Polled once and dropped, again and again.
        tokio::select! {
            biased;
            next = watcher.next() => delivered.extend(next.expect("the watch goes on").event.map(|event| event.revision.get())),
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(delivered, (2..=101).collect::<Vec<_>>());
}

#[tokio::test]
async fn writers_and_watchers_at_the_same_time_agree() {
    const WRITERS: i64 = 4;
    const CHANGES: i64 = 60;
    let bench = Arc::new(Bench::new());
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        bench.create(&format!("w{writer}"), SESSION).await;
    }
    let before = bench.store.position().await.expect("a position");
    for writer in 0..WRITERS {
        let bench = bench.clone();
        writers.push(tokio::spawn(async move {
            for value in 0..CHANGES {
                bench.set(&format!("w{writer}"), "k", value).await;
                tokio::task::yield_now().await;
            }
        }));
    }
    // Each begins at another moment, and is dropped and goes on elsewhere half-way.
    let mut watchers = Vec::new();
    for at in 0..8 {
        let (bench, before) = (bench.clone(), before.clone());
        watchers.push(tokio::spawn(async move {
            for _ in 0..at {
                tokio::task::yield_now().await;
            }
            let total = usize::try_from(WRITERS * CHANGES).expect("few");
            let mut seen: std::collections::HashMap<String, Vec<i64>> = std::collections::HashMap::new();
            let mut after = before;
            let mut count = 0;
            while count < total {
                let mut watcher =
                    bench.watch(Subscription { after: Some(after.clone()), ..wanted(Scope::All) }).await;
                for _ in 0..(total - count).min(total / 3 + 1) {
                    let (id, revision, position) = event(&mut watcher).await;
                    seen.entry(id).or_default().push(revision);
                    (after, count) = (position, count + 1);
                }
            }
            seen
        }));
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    for watcher in watchers {
        let seen = watcher.await.expect("no panic");
        assert_eq!(seen.len(), usize::try_from(WRITERS).expect("few"));
        for revisions in seen.values() {
            assert_eq!(*revisions, (2..CHANGES + 2).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn a_position_that_cannot_be_gone_on_from_is_refused() {
    let bench = Bench::new();
    let before = bench.store.position().await.expect("a position");
    bench.create("x", SESSION).await;
    bench.set("x", "k", 1).await;
    let unknown = Subscription { after: Some(Position::new("nonsense")), ..wanted(Scope::All) };
    assert!(matches!(bench.hub.watch(unknown).await, Err(Error::InvalidParameter(_))));
    bench.store.expire(Expired::Events(Timestamp::from_millis(i64::MAX)), 10).await.expect("they expired");
    let expired = Subscription { after: Some(before), ..wanted(Scope::All) };
    assert!(matches!(bench.hub.watch(expired).await, Err(Error::PositionExpired)));
}

#[tokio::test]
async fn there_are_as_many_watches_as_there_may_be() {
    let bench = Bench::with(Options { max_watches: 1, ..Options::default() });
    let first = bench.watch(wanted(Scope::All)).await;
    assert!(matches!(bench.hub.watch(wanted(Scope::All)).await, Err(Error::Overloaded)));
    drop(first);
    bench.watch(wanted(Scope::All)).await;
}

#[tokio::test]
async fn a_hub_that_stops_ends_its_watches_and_begins_no_more() {
    let bench = Bench::new();
    let mut watcher = bench.watch(wanted(Scope::All)).await;
    bench.hub.stop();
    assert!(matches!(next(&mut watcher).await, Err(Error::StoreUnavailable { .. })));
    assert!(matches!(bench.hub.watch(wanted(Scope::All)).await, Err(Error::StoreUnavailable { .. })));
}

#[tokio::test]
async fn a_store_that_is_away_begins_no_watch() {
    let bench = Bench::new();
    bench.store.close().await;
    assert!(matches!(bench.hub.watch(wanted(Scope::All)).await, Err(Error::StoreUnavailable { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_watch_does_not_wait_for_ever_for_what_cannot_be_read() {
    let bench = Bench::new();
    bench.create("x", SESSION).await;
    let mut watcher = bench.watch(wanted(Scope::All)).await;
    assert!(next(&mut watcher).await.expect("the watch goes on").event.is_none());
    bench.store.close().await;
    let error = loop {
        if let Err(error) = next(&mut watcher).await {
            break error;
        }
    };
    assert!(matches!(error, Error::StoreUnavailable { .. }), "{error:?}");
}

/// Hundreds that take nothing must not hold each a page of large documents.
#[tokio::test]
async fn watchers_that_are_behind_hold_the_same_event_and_little_more() {
    let bench = Bench::new();
    let before = bench.store.position().await.expect("a position");
    let text = "x".repeat(watcher::MAX_PAGE_BYTES);
    bench.create("x", &format!(r#"{{"conversationId":"c","text":"{text}"}}"#)).await;
    for value in 0..5 {
        bench.set("x", "k", value).await;
    }
    let wanted = Subscription { after: Some(before), ..wanted(Scope::All) };
    let mut watchers = [bench.watch(wanted.clone()).await, bench.watch(wanted).await];
    for revision in 1..=6 {
        let mut delivered = Vec::new();
        for watcher in &mut watchers {
            assert!(watcher.held() <= 1, "a watcher holds {} events", watcher.held());
            delivered.push(loop {
                if let Some(event) = next(watcher).await.expect("the watch goes on").event {
                    break event;
                }
            });
        }
        assert_eq!(delivered[0].revision.get(), revision);
        assert!(Arc::ptr_eq(&delivered[0], &delivered[1]), "{revision} is in memory twice");
    }
}

//! Callers that leave, at every moment of a call: what was begun ends by itself, and nobody else notices.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use domain::{
    command::Command,
    event::{Position, Scope},
    list::Filter,
    session::{Id, Revision, TenantId},
    store::{Expired, Store},
    time::Timestamp,
};
use tokio::time::timeout;

use super::{reader::Reader, requests};
use crate::parsed;

/// After how many polls a caller leaves, at most; a call takes fewer.
const POLLS: usize = 30;

/// How often callers leave after each number of polls: more often than a store has connections.
const ROUNDS: usize = 20;

/// How many callers leave one right after the other.
const CALLERS: usize = 500;

/// How long a call may take that comes behind those that were left.
const LIMIT: Duration = Duration::from_secs(30);

/// A call whose answer is of no interest.
type Call<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Polls a call as often as said, each time that it wants to be, and drops it. `false` if it had not ended by then.
async fn leave(call: impl Future<Output = ()>, polls: usize) -> bool {
    let mut call = pin!(call);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match call.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            Poll::Pending => Poll::Ready(false),
            Poll::Ready(()) => Poll::Ready(true),
        }
    })
    .await
}

/// Has callers leave after each number of polls, in rounds, and others check behind each of them what they find.
async fn leave_at_every_moment<'a, F: Future<Output = ()>>(
    call: impl Fn(String) -> Call<'a>,
    check: impl Fn(String) -> F,
) {
    for round in 0..ROUNDS {
        for polls in 0..POLLS {
            let name = format!("{round}-{polls}");
            let has_ended = leave(call(name.clone()), polls).await;
            timeout(LIMIT, check(name)).await.expect("whoever comes behind is answered in time");
            if has_ended {
                break;
            }
        }
    }
    // They ask and leave at once, again and again: what they leave behind keeps nobody waiting.
    for caller in 0..CALLERS {
        leave(call(format!("many-{caller}")), 1).await;
    }
    timeout(LIMIT, check("last".to_owned()))
        .await
        .expect("whoever comes behind them all is answered in time");
}

/// The same for a call that changes nothing: whoever asks behind them is answered as before.
async fn reads_stay_the_same<'a, T, F>(read: impl Fn() -> F)
where
    T: PartialEq + std::fmt::Debug,
    F: Future<Output = T> + Send + 'a,
{
    let before = read().await;
    let (read, before) = (&read, &before);
    leave_at_every_moment(
        |_| {
            let call = read();
            Box::pin(async move { drop(call.await) })
        },
        |_| async move { assert_eq!(read().await, *before) },
    )
    .await;
}

/// A key that is attached under a request id of its own.
fn attach(id: &Id, name: &str) -> Command {
    let attributes = format!(r#"[{{"key":"{name}","type":"Number","value":1}}]"#);
    requests::under(name, requests::update_within(100_000, id, &attributes))
}

async fn execute(store: &dyn Store, commands: Vec<Command>) {
    let count = commands.len();
    assert_eq!(store.execute(commands).await.len(), count);
}

/// Every change of a session has its event, and none has two.
async fn has_each_event_once(store: &Arc<dyn Store>, start: &Position, id: &Id, last: Revision) {
    let events = Reader::from(store, Scope::Session(id.clone()), start.clone()).events().await;
    let revisions: Vec<_> = events.iter().map(|event| event.revision.get()).collect();
    assert_eq!(revisions, (1..=last.get()).collect::<Vec<_>>());
}

pub async fn an_update_is_made_wholly_or_not_at_all(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let id = &requests::create_one(&**store, "{}").await;
    leave_at_every_moment(
        |name| Box::pin(execute(&**store, vec![attach(id, &name)])),
        // An update that was acknowledged stays, whatever was left on the connection that it was made on.
        |name| async move {
            let next = format!("next-{name}");
            let made = requests::made(&**store, attach(id, &next)).await;
            let stored = requests::get_one(&**store, id).await.expect("the session is there");
            assert!(stored.revision >= made.revision, "{stored:?}");
            assert!(stored.document.contains(&format!(r#""{next}""#)), "{next} is lost: {stored:?}");
            // The one that was left is made once, then or now: its change, its event and its record go together.
            let answered = requests::made(&**store, attach(id, &name)).await;
            assert!(answered.changed, "{name} was made without its idempotency record: {answered:?}");
            let past = requests::history_of(&**store, id, Some(&name), None, 10).await;
            let past: Vec<_> = past.iter().map(|event| event.revision).collect();
            assert_eq!(past, [answered.revision], "{name}");
        },
    )
    .await;
    let last = requests::get_one(&**store, id).await.expect("the session is there").revision;
    has_each_event_once(store, &start, id, last).await;
}

pub async fn each_command_of_a_call_is_made_wholly_or_not_at_all(store: &Arc<dyn Store>) {
    let start = &store.position().await.expect("the store answers");
    let id = |name: &str| parsed::id(&format!("session-{name}"));
    let commands = |name: &str| {
        let id = id(name);
        vec![requests::under("creation", requests::creation(&id, "{}")), attach(&id, "a"), attach(&id, "b")]
    };
    leave_at_every_moment(
        |name| Box::pin(execute(&**store, commands(&name))),
        |name| async move {
            for result in store.execute(commands(&name)).await {
                assert!(result.expect("it was made before, or is now").changed, "{name}");
            }
            let stored = requests::get_one(&**store, &id(&name)).await.expect("the session is there");
            assert_eq!(stored.revision.get(), 3, "{stored:?}");
            has_each_event_once(store, start, &id(&name), stored.revision).await;
        },
    )
    .await;
}

/// A store with some of everything.
async fn filled(store: &Arc<dyn Store>) -> (Vec<Id>, Position) {
    let start = store.position().await.expect("the store answers");
    let ids = requests::ids(50);
    requests::create_all(&**store, &ids, "{}").await;
    requests::made(&**store, requests::update(&ids[0], &requests::one("a", 1))).await;
    requests::made(&**store, requests::end(&ids[1])).await;
    (ids, start)
}

pub async fn sessions_are_fetched_as_before(store: &Arc<dyn Store>) {
    let (ids, _) = filled(store).await;
    reads_stay_the_same(|| {
        let ids = ids.clone();
        async move {
            let read = store.get(&TenantId::only(), ids).await;
            read.into_iter().map(|session| session.expect("it is there")).collect::<Vec<_>>()
        }
    })
    .await;
}

pub async fn lists_are_read_as_before(store: &Arc<dyn Store>) {
    filled(store).await;
    reads_stay_the_same(|| async {
        let page = store.list(&TenantId::only(), &Filter::default(), None, 1000).await;
        page.expect("the store answers")
    })
    .await;
}

pub async fn history_is_read_as_before(store: &Arc<dyn Store>) {
    let (ids, _) = filled(store).await;
    let id = &ids[0];
    reads_stay_the_same(|| async move {
        store.history(&TenantId::only(), id, None, None, 10).await.expect("the store answers")
    })
    .await;
}

pub async fn events_are_read_as_before(store: &Arc<dyn Store>) {
    let (_, start) = filled(store).await;
    let start = &start;
    reads_stay_the_same(|| async move {
        let events = store.events(&TenantId::only(), &Scope::All, start, None, 1000).await;
        events.expect("the store answers").events.into_iter().map(|(event, _)| event).collect::<Vec<_>>()
    })
    .await;
}

/// Positions themselves may differ: other databases of a PostgreSQL server move them too.
pub async fn positions_are_given_as_before(store: &Arc<dyn Store>) {
    filled(store).await;
    reads_stay_the_same(|| async {
        let position = store.position().await.expect("the store answers");
        let behind = store.events(&TenantId::only(), &Scope::All, &position, None, 10).await;
        behind.expect("the store answers").events
    })
    .await;
}

pub async fn ended_sessions_are_found_as_before(store: &Arc<dyn Store>) {
    filled(store).await;
    let ever = Timestamp::from_millis(i64::from(u32::MAX) * 1000);
    reads_stay_the_same(|| async move { store.ended(ever, 10).await.expect("the store answers") }).await;
}

pub async fn the_clock_goes_on_as_before(store: &Arc<dyn Store>) {
    reads_stay_the_same(|| async {
        let first = store.now().await.expect("the store answers");
        first <= store.now().await.expect("the store answers")
    })
    .await;
}

pub async fn its_health_is_told_as_before(store: &Arc<dyn Store>) {
    reads_stay_the_same(|| async { store.health().await.is_ready() }).await;
}

/// A step deletes all that it looked at or nothing, and notes it.
pub async fn what_has_expired_goes_wholly_or_not_at_all(store: &Arc<dyn Store>) {
    let start = &store.position().await.expect("the store answers");
    let id = &requests::create_one(&**store, "{}").await;
    let expired = Expired::Events(Timestamp::from_millis(10));
    leave_at_every_moment(
        |_| Box::pin(async move { drop(store.expire(expired, 10).await) }),
        |name| async move {
            let old = requests::at(1, attach(id, &format!("old-{name}")));
            let revision = requests::made(&**store, old).await.revision;
            // One step may stand aside for another one that was left and is under way.
            let is_there = async || {
                let history = requests::history(&**store, id).await;
                history.iter().any(|event| event.revision == revision)
            };
            while is_there().await {
                store.expire(expired, 10).await.expect("the store answers");
            }
            let late = store.events(&TenantId::only(), &Scope::All, start, None, 10).await;
            assert!(matches!(late, Err(domain::Error::PositionExpired)), "{name}: {late:?}");
        },
    )
    .await;
}

/// Whoever closes the store waits for what callers have left, and what they left does not fail whoever comes later.
pub async fn closing_waits_for_what_was_left(store: &Arc<dyn Store>) {
    let (ids, start) = filled(store).await;
    for id in &ids {
        leave(execute(&**store, vec![attach(id, "left")]), 1).await;
        leave(async { drop(store.get(&TenantId::only(), ids.clone()).await) }, 1).await;
        leave(async { drop(store.events(&TenantId::only(), &Scope::All, &start, None, 100).await) }, 1).await;
    }
    timeout(LIMIT, store.close()).await.expect("closing ends");
    let refused = requests::get_one(&**store, &ids[0]).await;
    assert!(matches!(refused, Err(domain::Error::StoreUnavailable { .. })), "{refused:?}");
}

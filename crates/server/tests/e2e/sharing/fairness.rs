//! With no quota set: what one tenant's flood leaves to another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::Code;

use super::{Caller, Tenants};
use crate::support::{Front, Lock, Store, caller::set, on_both_stores, timeout::within};

on_both_stores!(a_flood_takes_its_share_of_what_is_done);

/// How many callers the tenant has that keeps to its share; the other has ten times as many.
const CALLERS: usize = 48;

/// How many updates each of them makes.
const ROUNDS: usize = 8;

/// Ten times as many callers get less than four times as much done: in one queue for all it would be ten times as much.
async fn a_flood_takes_its_share_of_what_is_done(store: Store) {
    let tenants = Tenants::start(store, Front::Combined, &["fair", "flood"], &[]).await;
    let alone = Work::begin(&tenants, "fair", CALLERS).await.rounds(ROUNDS).await;
    let flood = Work::begin(&tenants, "flood", 10 * CALLERS).await;
    let (done, end) = (flood.done.clone(), CancellationToken::new());
    let flooding = tokio::spawn(flood.until(end.clone()));
    within("the flood", async {
        while done.load(Ordering::Relaxed) < 10 * CALLERS {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let work = Work::begin(&tenants, "fair", CALLERS).await;
    let before = done.load(Ordering::Relaxed);
    let beside = work.rounds(ROUNDS).await;
    let flooded = done.load(Ordering::Relaxed) - before;
    end.cancel();
    flooding.await.unwrap();
    let own = CALLERS * ROUNDS;
    eprintln!(
        "while {own} updates were made, the flood made {flooded}; p99 alone {alone:?}, beside {beside:?}"
    );
    assert!(flooded < 4 * own, "{flooded} beside {own}");
}

/// A tenant's callers, each with a session of its own.
struct Work {
    callers: Vec<(Caller, String)>,
    done: Arc<AtomicUsize>,
}

impl Work {
    async fn begin(tenants: &Tenants, tenant: &'static str, count: usize) -> Self {
        let callers = tenants.callers(tenant, count).await;
        let callers: Vec<_> = callers.into_iter().enumerate().map(|(at, it)| (it, format!("{at}"))).collect();
        // Those of an earlier time will do.
        join_all(callers.iter().map(|(caller, id)| async move {
            if caller.update(set(id, "n", "Number", 0)).await.is_err() {
                caller.create(id).await;
            }
        }))
        .await;
        Self { callers, done: Arc::default() }
    }

    /// Each makes so many updates. Returns the 99th percentile of how long they took.
    async fn rounds(self, rounds: usize) -> Duration {
        let work = self.callers.into_iter().map(|(caller, id)| {
            tokio::spawn(async move {
                let mut took = Vec::new();
                for round in 1..=rounds {
                    let since = Instant::now();
                    caller.update(set(&id, "n", "Number", round)).await.unwrap();
                    took.push(since.elapsed());
                }
                took
            })
        });
        let mut took: Vec<_> = join_all(work).await.into_iter().flat_map(Result::unwrap).collect();
        took.sort();
        took[took.len() * 99 / 100]
    }

    /// Each makes updates until it is stopped.
    async fn until(self, end: CancellationToken) {
        let tasks = TaskTracker::new();
        for (caller, id) in self.callers {
            let (done, end) = (self.done.clone(), end.clone());
            tasks.spawn(async move {
                for round in 1.. {
                    if end.is_cancelled() {
                        return;
                    }
                    caller.update(set(&id, "n", "Number", round)).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        tasks.close();
        tasks.wait().await;
    }
}

/// Where all of a tenant's calls are stalled, it is refused while there is room for the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_hang_leave_room_for_other_tenants() {
    let flags = ["--max-concurrent-requests", "8"];
    let tenants = Tenants::start(Store::Postgres, Front::Combined, &["flood", "fair"], &flags).await;
    let (flood, fair) = (tenants.caller("flood").await, tenants.caller("fair").await);
    flood.create("x").await;
    let lock = Lock::take(&tenants.service.database_url(), &["x"]).await;
    let mut waiting = Vec::new();
    let refused = within("a refusal", async {
        loop {
            let caller = flood.clone();
            let mut call = tokio::spawn(async move { caller.update(set("x", "n", "Number", 1)).await });
            // What is refused is refused at once; what is let in waits for the lock.
            match tokio::time::timeout(Duration::from_millis(300), &mut call).await {
                Ok(refused) => return refused.unwrap().unwrap_err(),
                Err(_) => waiting.push(call),
            }
        }
    });
    assert_eq!(refused.await.code(), Code::ResourceExhausted);
    assert_eq!(waiting.len(), 6);
    fair.create("y").await;
    assert_eq!(fair.update(set("y", "n", "Number", 1)).await.unwrap(), 2);
    lock.release().await;
    for call in waiting {
        call.await.unwrap().unwrap();
    }
}

/// Calls that wait for rows which somebody has locked hold up no others of their tenant, also while another one calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_hang_hold_up_no_others_of_their_tenant() {
    let tenants = Tenants::start(Store::Postgres, Front::Combined, &["own", "other"], &[]).await;
    let (own, other) = (tenants.caller("own").await, tenants.caller("other").await);
    for (caller, id) in [(&own, "locked"), (&own, "free"), (&other, "z")] {
        caller.create(id).await;
    }
    let lock = Lock::take(&tenants.service.database_url(), &["locked"]).await;
    let stalled: Vec<_> = (0..100)
        .map(|at| {
            let caller = own.clone();
            tokio::spawn(async move { caller.update(set("locked", "n", "Number", at)).await })
        })
        .collect();
    for round in 1..=20 {
        for (caller, id) in [(&other, "z"), (&own, "free")] {
            let update = caller.update(set(id, "n", "Number", round));
            assert_eq!(within("an update", update).await.unwrap(), 1 + round);
        }
    }
    assert!(stalled.iter().all(|call| !call.is_finished()), "the updates came after those that are stalled");
    lock.release().await;
    for call in stalled {
        call.await.unwrap().unwrap();
    }
}

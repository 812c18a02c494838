//! How many calls of each tenant are worked on at once, where several tenants call.
//!
//! What calls take first of all is the processor, before and behind every queue: a tenant with ten times as many calls at work
//! has ten times as much of it. So while others call, each tenant has its part of a number of calls at work, and the rest of
//! its calls wait in a queue of the tenant's own. One that keeps within its part never waits, and one that calls alone
//! has no such limit.
//!
//! A call that takes long waits for something else than a processor, such as a row that somebody has locked. It does not count
//! for longer than [`LONGEST`], or those that are stalled would keep all others of their tenant from beginning.
//!
//! How many that are is what the latency of those who keep within their part depends on, and the batches' size. So
//! there are few while somebody does, and more while all want more than their part.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

/// How many calls are at work together, when as many tenants as there may be use their part and each wants more. Too few, and
/// batches are small; too many, and a tenant that begins to call waits for more of the others' calls.
const ALL: usize = 64;

/// The same for each processor while a tenant keeps within its part. Too few, and the processors wait for the database; too
/// many, and that tenant waits for the others' calls: with 32 for each of two, the p99 of its updates was three to four times
/// what it is alone, with 8 it was 1.7 times, and with 4 no less.
const BESIDE_LIGHT: usize = 8;

/// The least part of a tenant, however many there are.
const LEAST: usize = 4;

/// For how long a call counts as being at work. Too short, and a flood has more at work than its part; too long, and calls that
/// are stalled hold up the others of their tenant.
const LONGEST: Duration = Duration::from_millis(25);

/// For how long a tenant counts as calling behind its last call. Too short, and one that calls now and then finds the
/// processors taken each time; too long, and others are held back for nothing.
const CALLING: Duration = Duration::from_secs(1);

/// How often it is looked through who is calling: not with each call, since there may be thousands of tenants.
const SWEEP: Duration = Duration::from_millis(100);

/// Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct AtWork(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Those that are calling.
    tenants: HashMap<Arc<str>, Tenant>,
    /// When those were last left out that are not any more.
    swept: Option<Instant>,
    /// Whether a tenant kept within its part then, or has begun to call since.
    is_one_light: bool,
}

#[derive(Debug)]
struct Tenant {
    at_work: usize,
    waiting: VecDeque<oneshot::Sender<Work>>,
    last: Instant,
}

/// A call that is worked on, until it is dropped.
#[derive(Debug)]
struct Work {
    tenant: Arc<str>,
    of: AtWork,
}

impl AtWork {
    /// Works on a tenant's call as soon as it may be worked on. Whoever stops waiting leaves the queue.
    pub async fn run<T>(&self, tenant: &str, call: impl Future<Output = T>) -> T {
        let work = self.begin(tenant).await;
        let mut call = pin!(call);
        tokio::select! {
            biased;
            done = &mut call => return done,
            () = sleep(LONGEST) => drop(work),
        }
        call.await
    }

    /// Waits for a call's turn.
    async fn begin(&self, tenant: &str) -> Option<Work> {
        let waiting = {
            let mut state = self.lock();
            let now = Instant::now();
            let (name, part) = state.call(tenant, now);
            let own = state.tenants.get_mut(&name)?;
            own.last = now;
            if own.at_work < part && own.waiting.is_empty() {
                own.at_work += 1;
                return Some(Work { tenant: name, of: self.clone() });
            }
            let (begin, waiting) = oneshot::channel();
            own.waiting.push_back(begin);
            waiting
        };
        waiting.await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A tenant that calls, under its name here, and its part.
    fn call(&mut self, tenant: &str, now: Instant) -> (Arc<str>, usize) {
        let known = self.tenants.get_key_value(tenant).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name: Arc<str> = tenant.into();
            let new = Tenant { at_work: 0, waiting: VecDeque::new(), last: now };
            self.tenants.insert(name.clone(), new);
            self.is_one_light = true;
            name
        });
        (name, self.part(now))
    }

    /// How many calls of one tenant may be at work.
    fn part(&mut self, now: Instant) -> usize {
        let is_time = self.swept.is_none_or(|swept| now - swept >= SWEEP);
        if self.tenants.len() > 1 && is_time {
            self.swept = Some(now);
            self.tenants.retain(|_, tenant| {
                tenant.at_work > 0 || !tenant.waiting.is_empty() || now - tenant.last < CALLING
            });
            self.is_one_light = self.tenants.values().any(|tenant| tenant.waiting.is_empty());
        }
        let all = if self.is_one_light { ALL.min(beside_light()) } else { ALL };
        match self.tenants.len() {
            0 | 1 => usize::MAX,
            several => (all / several).max(LEAST),
        }
    }
}

/// How many calls are at work together while a tenant keeps within its part.
fn beside_light() -> usize {
    static PROCESSORS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    BESIDE_LIGHT * *PROCESSORS
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut begun = Vec::new();
        {
            let mut state = self.of.lock();
            let now = Instant::now();
            let (name, part) = state.call(&self.tenant, now);
            if let Some(own) = state.tenants.get_mut(&name) {
                own.last = now;
                own.at_work -= 1;
                while own.at_work < part
                    && let Some(next) = own.waiting.pop_front()
                {
                    if !next.is_closed() {
                        own.at_work += 1;
                        begun.push((next, Work { tenant: name.clone(), of: self.of.clone() }));
                    }
                }
            }
        }
        // Not under the lock: whoever has left drops what it is sent.
        for (next, work) in begun {
            drop(next.send(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};

    use super::*;

    async fn begun(at_work: &AtWork, tenant: &str, count: usize) -> Vec<Work> {
        let mut begun = Vec::new();
        for _ in 0..count {
            begun.push(at_work.begin(tenant).now_or_never().flatten().expect("it need not wait"));
        }
        begun
    }

    /// That of each of two, one of which keeps within it.
    fn part() -> usize {
        beside_light().min(ALL) / 2
    }

    #[tokio::test(start_paused = true)]
    async fn one_tenant_alone_has_no_limit_and_beside_others_each_has_its_part() {
        let at_work = AtWork::default();
        let mut flood = begun(&at_work, "flood", 1000).await;
        let other = begun(&at_work, "other", part()).await;
        let mut waiting: Vec<_> = ["flood", "other"].map(|tenant| Box::pin(at_work.begin(tenant))).into();
        for call in &mut waiting {
            assert!(poll!(call).is_pending());
        }
        // None of the flood's begins before it is down to its part.
        while flood.len() > part() {
            flood.pop();
            assert_eq!((&mut waiting[0]).now_or_never().is_some(), flood.len() < part());
        }
        drop(flood.pop());
        assert!((&mut waiting[0]).await.is_some());
        drop((other, waiting));
        // When the other calls no more, the limit is gone.
        tokio::time::advance(CALLING).await;
        begun(&at_work, "flood", 1000).await;
        assert_eq!(at_work.lock().tenants.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_line_takes_no_part_and_a_lone_tenant_s_line_is_let_in() {
        let at_work = AtWork::default();
        let other = begun(&at_work, "other", 1).await;
        let mut flood = begun(&at_work, "flood", part()).await;
        let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(at_work.begin("flood"))).collect();
        for call in &mut waiting {
            assert!(poll!(call).is_pending());
        }
        waiting.drain(..50);
        flood.pop();
        flood.extend((&mut waiting[0]).now_or_never().flatten());
        assert_eq!(flood.len(), part());
        assert!((&mut waiting[1]).now_or_never().is_none());
        drop(other);
        tokio::time::advance(CALLING).await;
        flood.pop();
        for call in &mut waiting[1..] {
            assert!(call.now_or_never().flatten().is_some());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn while_all_want_more_than_their_part_it_is_larger() {
        let at_work = AtWork::default();
        let mut begun_by_all = Vec::new();
        let mut waiting = Vec::new();
        for tenant in ["one", "other"] {
            begun_by_all.extend(begun(&at_work, tenant, part()).await);
        }
        for tenant in ["one", "other"] {
            let mut call = Box::pin(at_work.begin(tenant));
            assert!(poll!(&mut call).is_pending());
            waiting.push(call);
        }
        tokio::time::advance(SWEEP).await;
        drop(begun_by_all.pop());
        begun_by_all.extend((&mut waiting[1]).now_or_never().flatten());
        let more = begun(&at_work, "other", ALL / 2 - part()).await;
        assert!(poll!(Box::pin(at_work.begin("other"))).is_pending());
        // One that begins to call finds the others down to their part.
        begun(&at_work, "third", 1).await;
        drop((more, begun_by_all));
        assert!(at_work.lock().is_one_light);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_hang_hold_up_no_others_of_their_tenant() {
        let at_work = AtWork::default();
        let _other = begun(&at_work, "other", 1).await;
        let mut stalled: Vec<_> =
            (0..part()).map(|_| Box::pin(at_work.run("flood", std::future::pending::<()>()))).collect();
        for call in &mut stalled {
            assert!(poll!(call).is_pending());
        }
        let mut call = Box::pin(at_work.run("flood", async {}));
        assert!(poll!(&mut call).is_pending());
        tokio::time::advance(LONGEST).await;
        for call in &mut stalled {
            assert!(poll!(call).is_pending());
        }
        assert!(poll!(&mut call).is_ready());
    }
}

//! How many calls of each tenant are worked on at once, where several tenants call.
//!
//! What calls take first of all is the processor, before and behind every queue: a tenant with ten times as many calls at work
//! has ten times as much of it. So while others call, each tenant has its part of a number of calls at work, and the rest of
//! its calls wait in a line of the tenant's own. One that keeps within its part never waits, and one that calls alone has no
//! such limit.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

/// How many calls are at work together, when as many tenants as there may be use their part. Too few, and batches are small
/// while several tenants call; too many, and a tenant waits for more of the others' calls.
const ALL: usize = 64;

/// The least part of a tenant, however many there are.
const LEAST: usize = 4;

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
}

#[derive(Debug)]
struct Tenant {
    at_work: usize,
    waiting: VecDeque<oneshot::Sender<Work>>,
    last: Instant,
}

/// A call that is worked on, until it is dropped.
#[derive(Debug)]
pub struct Work {
    tenant: Arc<str>,
    of: AtWork,
}

impl AtWork {
    /// Waits until a tenant's call may be worked on. Whoever stops waiting leaves the line.
    pub async fn begin(&self, tenant: &str) -> Option<Work> {
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
        }
        match self.tenants.len() {
            0 | 1 => usize::MAX,
            several => (ALL / several).max(LEAST),
        }
    }
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

    #[tokio::test(start_paused = true)]
    async fn one_tenant_alone_has_no_limit_and_beside_others_each_has_its_part() {
        let at_work = AtWork::default();
        let mut flood = begun(&at_work, "flood", 1000).await;
        let other = begun(&at_work, "other", ALL / 2).await;
        let mut waiting: Vec<_> = ["flood", "other"].map(|tenant| Box::pin(at_work.begin(tenant))).into();
        for call in &mut waiting {
            assert!(poll!(call).is_pending());
        }
        // None of the flood's begins before it is down to its part.
        while flood.len() > ALL / 2 {
            flood.pop();
            assert_eq!((&mut waiting[0]).now_or_never().is_some(), flood.len() < ALL / 2);
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
        let mut flood = begun(&at_work, "flood", ALL / 2).await;
        let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(at_work.begin("flood"))).collect();
        for call in &mut waiting {
            assert!(poll!(call).is_pending());
        }
        waiting.drain(..50);
        flood.pop();
        flood.extend((&mut waiting[0]).now_or_never().flatten());
        assert_eq!(flood.len(), ALL / 2);
        assert!((&mut waiting[1]).now_or_never().is_none());
        drop(other);
        tokio::time::advance(CALLING).await;
        flood.pop();
        for call in &mut waiting[1..] {
            assert!(call.now_or_never().flatten().is_some());
        }
    }
}

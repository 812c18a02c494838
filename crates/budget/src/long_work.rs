//! Work that takes a processor for longer than the network should wait for.

use std::{
    cell::RefCell,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::{block_in_place, yield_now},
};
use tokio_util::sync::PollSemaphore;

use crate::FREE_BYTES;

/// From what size on work on a request is long work, in bytes of the request.
pub const LONG_BYTES: usize = 4 * FREE_BYTES;

/// Turns for long work: a few at once, the others wait in queues. Clones share them.
#[derive(Debug, Clone)]
pub struct LongWork(Arc<Semaphore>);

impl Default for LongWork {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(Self::turns())))
    }
}

impl LongWork {
    /// How many turns there are on this machine: half of its processors, at least one. The others serve the network, whatever
    /// there is to work on.
    #[must_use]
    pub fn turns() -> usize {
        (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1)
    }

    /// Has a future polled in turn as soon as it has found that it is long work, on a thread that the network does not wait for.
    /// It holds its turn for as long as a poll takes, not while it waits for something else.
    pub fn off_network<F: Future + Unpin>(&self, is_long: &IsLong, future: F) -> OffNetwork<F> {
        OffNetwork { turns: PollSemaphore::new(self.0.clone()), is_long: is_long.clone(), future }
    }

    /// Does one piece of work in turn.
    pub async fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let is_long = IsLong(Arc::new(AtomicBool::new(true)));
        self.off_network(&is_long, pin!(async { work() })).await
    }
}

/// Whether what is done for a request is long work, as far as that is known. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct IsLong(Arc<AtomicBool>);

impl IsLong {
    /// It is: what follows within [`LongWork::off_network`] is done in turn.
    pub async fn found(&self) {
        if !self.0.swap(true, Ordering::Relaxed) {
            yield_now().await;
        }
    }

    fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// See [`LongWork::off_network`].
pub struct OffNetwork<F> {
    turns: PollSemaphore,
    is_long: IsLong,
    future: F,
}

thread_local! {
    /// What this thread polls.
    static WITHIN: RefCell<Within> = const { RefCell::new(Within::Nothing) };
}

/// Within what a future is polled. There is one wait for a turn, that of the outermost: if the inner one waited and the outer one
/// then waited, too, the turn that comes to the inner one would be kept from both.
#[derive(Debug, Clone)]
enum Within {
    Nothing,
    /// Work that is not known to be long.
    Work(IsLong),
    /// Work that has a turn.
    Turn,
}

/// Undoes what the thread's [`WITHIN`] was changed to, also when the work panics.
struct Before(Within);

impl Within {
    fn enter(self) -> Before {
        Before(WITHIN.replace(self))
    }
}

impl Drop for Before {
    fn drop(&mut self) {
        WITHIN.replace(std::mem::replace(&mut self.0, Within::Nothing));
    }
}

impl<F: Future + Unpin> Future for OffNetwork<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let within = WITHIN.with_borrow(Clone::clone);
        match within {
            Within::Turn => return Pin::new(&mut self.future).poll(context),
            _ if !self.is_long.is_known() => {
                let _before = Within::Work(self.is_long.clone()).enter();
                return Pin::new(&mut self.future).poll(context);
            }
            Within::Work(outer) => {
                outer.0.store(true, Ordering::Relaxed);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Within::Nothing => {}
        }
        // Nobody closes the semaphore.
        let _permit = ready!(self.turns.poll_acquire(context));
        let _before = Within::Turn.enter();
        let future = Pin::new(&mut self.future);
        match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => block_in_place(|| future.poll(context)),
            // Without other threads there is none to leave the network to.
            _ => future.poll(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_util::poll;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn so_much_is_done_at_once_as_there_are_turns() {
        static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
        let long_work = LongWork(Arc::new(Semaphore::new(1)));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let long_work = long_work.clone();
                tokio::spawn(async move {
                    long_work
                        .run(|| {
                            assert_eq!(AT_ONCE.fetch_add(1, Ordering::SeqCst), 0);
                            std::thread::yield_now();
                            AT_ONCE.fetch_sub(1, Ordering::SeqCst);
                        })
                        .await;
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it does not panic");
        }
    }

    #[tokio::test]
    async fn who_has_found_no_long_work_waits_for_no_turn() {
        let long_work = LongWork(Arc::new(Semaphore::new(1)));
        let turn = long_work.0.clone().try_acquire_owned().expect("nobody has it");
        let is_long = IsLong::default();
        assert_eq!(long_work.off_network(&is_long, pin!(async { 1 })).await, 1);
        let mut long = pin!(long_work.off_network(
            &is_long,
            Box::pin(async {
                is_long.found().await;
                2
            })
        ));
        assert!(poll!(&mut long).is_pending() && poll!(&mut long).is_pending());
        drop(turn);
        assert_eq!(long.await, 2);
    }

    #[tokio::test]
    async fn who_needs_a_turn_within_other_work_has_that_wait_for_it() {
        let long_work = LongWork(Arc::new(Semaphore::new(1)));
        let turn = long_work.0.clone().try_acquire_owned().expect("nobody has it");
        let (outer_is_long, inner_is_long) = (IsLong::default(), IsLong::default());
        inner_is_long.found().await;
        let inner = long_work.off_network(&inner_is_long, Box::pin(yield_now()));
        let mut outer = long_work.off_network(&outer_is_long, Box::pin(inner));
        assert!(poll!(&mut outer).is_pending() && outer_is_long.is_known());
        assert!(poll!(&mut outer).is_pending());
        drop(turn);
        tokio::time::timeout(std::time::Duration::from_secs(60), outer).await.expect("it has a turn");
    }

    #[tokio::test]
    async fn work_within_work_has_its_turn_and_waiting_holds_none() {
        let long_work = LongWork(Arc::new(Semaphore::new(1)));
        let is_long = IsLong::default();
        is_long.found().await;
        assert_eq!(long_work.off_network(&is_long, pin!(long_work.run(|| 1))).await, 1);
        let waiting = tokio::spawn(long_work.off_network(&is_long, std::future::pending::<()>()));
        tokio::task::yield_now().await;
        assert_eq!(long_work.run(|| 2).await, 2);
        waiting.abort();
    }
}

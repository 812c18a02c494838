//! Calls that are not put into batches, each of which runs to its end whoever waits for it.

use std::{sync::Arc, time::Duration};

use domain::{Error, Outcome};
use telemetry::trace::{self, SpanRef};
use tokio::{sync::Semaphore, time::timeout};
use tracing::{Instrument, Span};

/// A bounded number of tasks: as many as there are connections for what they do. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Tasks {
    permits: Arc<Semaphore>,
    max: u32,
    max_wait: Duration,
}

impl Tasks {
    /// Up to `max` tasks at once. `max_wait` is how long a call waits for others to end. Too short, and calls are refused
    /// that would have been answered; too long, and callers wait in vain.
    #[must_use]
    pub fn new(max: u32, max_wait: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(max as usize)), max, max_wait }
    }

    /// Does a call's work in a task. A caller that leaves before the task has begun leaves nothing behind. From then on the
    /// work goes on to its end, and counts as long: so those that ask and leave again and again cannot pile up work.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if others take too long, [`Error::StoreUnavailable`] once it is closed, [`Error::Internal`] if
    /// the work panics, and those of the work.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = timeout(self.max_wait, self.permits.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Overloaded)?.map_err(|_| closed())?;
        let work = async move {
            let _permit = permit;
            work.await
        };
        let work = trace::go_on(work.instrument(Span::current()), SpanRef::current());
        let task = tokio::spawn(work);
        task.await.unwrap_or_else(|panic| Err(Error::Internal(panic.into())))
    }

    /// Waits for the tasks that have begun, also those of callers that have left, and begins no more.
    pub async fn close(&self) {
        let _all = self.permits.acquire_many(self.max).await;
        self.permits.close();
    }
}

fn closed() -> Error {
    Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: "the store is closed".into() }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};
    use tokio::sync::oneshot;

    use super::*;

    fn tasks() -> Tasks {
        Tasks::new(1, Duration::from_secs(60))
    }

    /// Work that ends when the sender says so, and reports that it has ended.
    fn gated() -> (impl Future<Output = Result<u8, Error>>, oneshot::Sender<u8>, oneshot::Receiver<u8>) {
        let (open, gate) = oneshot::channel();
        let (report, reported) = oneshot::channel();
        let work = async move {
            let value = gate.await.map_err(|error| Error::Internal(error.into()))?;
            let _ = report.send(value);
            Ok(value)
        };
        (work, open, reported)
    }

    #[tokio::test]
    async fn work_that_has_begun_goes_on_without_its_caller_and_is_waited_for() {
        let (work, open, reported) = gated();
        let tasks = tasks();
        let mut call = Box::pin(tasks.run(work));
        assert!(poll!(&mut call).is_pending());
        drop(call);
        let mut closing = Box::pin(tasks.close());
        assert!(poll!(&mut closing).is_pending(), "it is still at work");
        open.send(7).expect("the work waits");
        closing.await;
        assert_eq!(reported.await.expect("it reported"), 7);
    }

    #[tokio::test]
    async fn work_that_was_left_counts_until_it_ends() {
        let (work, open, _told) = gated();
        let tasks = tasks();
        assert!(poll!(Box::pin(tasks.run(work))).is_pending());
        let mut next = Box::pin(tasks.run(async { Ok(8) }));
        assert!(poll!(&mut next).is_pending());
        open.send(7).expect("the work waits");
        assert_eq!(next.await.expect("it was done"), 8);
    }

    #[tokio::test]
    async fn a_caller_that_leaves_before_its_turn_leaves_nothing_behind() {
        let (first, open, _told) = gated();
        let (second, never, reported) = gated();
        let tasks = tasks();
        assert!(poll!(Box::pin(tasks.run(first))).is_pending());
        assert!(poll!(Box::pin(tasks.run(second))).is_pending());
        assert!(reported.await.is_err() && never.send(7).is_err(), "it never began");
        open.send(7).expect("the work waits");
        tasks.run(async { Ok(()) }).await.expect("there is room");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_refused_and_so_is_whoever_comes_behind_the_end() {
        let (work, open, _told) = gated();
        let tasks = tasks();
        assert!(poll!(Box::pin(tasks.run(work))).is_pending());
        let late = tasks.run(async { Ok(()) }).await;
        assert!(matches!(late, Err(Error::Overloaded)), "{late:?}");
        open.send(7).expect("the work waits");
        tasks.close().await;
        let refused = tasks.run(async { Ok(()) }).now_or_never().expect("it need not wait");
        assert!(matches!(refused, Err(Error::StoreUnavailable { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_frees_its_room() {
        let tasks = tasks();
        for _ in 0..2 {
            let error = tasks.run::<()>(async { panic!("on purpose") }).await.expect_err("it panicked");
            let is_reported =
                matches!(&error, Error::Internal(cause) if cause.to_string().contains("on purpose"));
            assert!(is_reported, "{error:?}");
        }
    }
}

//! Work that goes on to its end, whoever waits for it.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll, ready},
};

use domain::Error;
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tracing::Instrument;

type Work<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Work that its caller does itself as long as it waits for it: a task of its own would cost another one's waking up for
/// each step. Only what a caller leaves behind unfinished goes on in one.
pub(crate) struct Finish<T: Send + 'static> {
    /// None once it is done.
    work: Option<Work<T>>,
    tasks: TaskTracker,
    /// Has the tracker wait for the work also while it is no task.
    _token: TaskTrackerToken,
}

impl<T: Send + 'static> Finish<T> {
    /// To be polled at once, or it goes on although it never began. A panic comes out as [`Error::Internal`].
    pub(crate) fn new(
        tasks: &TaskTracker,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let panicked = |panic: Box<dyn std::any::Any + Send>| {
            let message = panic.downcast_ref::<&str>().map(|message| (*message).to_owned());
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
            Error::Internal(message.unwrap_or_else(|| "a panic".to_owned()).into())
        };
        let work = AssertUnwindSafe(work)
            .catch_unwind()
            .map(move |done| done.unwrap_or_else(|panic| Err(panicked(panic))));
        Self { work: Some(Box::pin(work)), tasks: tasks.clone(), _token: tasks.token() }
    }
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else {
            return Poll::Ready(Err(Error::Internal("finished work was asked for its result again".into())));
        };
        let done = ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        // Without a runtime the process is about to end, and its tasks with it.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            self.tasks.spawn_on(work.instrument(tracing::Span::current()), &runtime);
        }
    }
}

#[cfg(test)]
mod tests;

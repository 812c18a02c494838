//! What ends a stream that its caller does not end.

use access::Validity;
use domain::{Error, Outcome, Reason, caller::Caller};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Status, codegen::BoxStream};

use crate::{Service, status};

/// The caller's own deadline, the end of what it may, and the service's. The server's limit on how long a call may take is not among them.
#[derive(Debug, Clone)]
pub(crate) struct StreamEnd {
    deadline: Option<Instant>,
    validity: Validity,
    stopping: CancellationToken,
}

impl StreamEnd {
    /// # Errors
    /// The status of a service that has stopped: no stream begins there any more.
    pub(crate) fn new(service: &Service, caller: &Caller, validity: Validity) -> Result<Self, Status> {
        let deadline = caller.deadline.map(Instant::from_std);
        let stopping = service.stopping.clone();
        if stopping.is_cancelled() { Err(stopped()) } else { Ok(Self { deadline, validity, stopping }) }
    }

    /// Waits for it. The status says why the stream ends, and nothing of what was done in it.
    pub(crate) async fn reached(&self) -> Status {
        let passed = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => stopped(),
            () = passed => status::from_error(&Error::DeadlineExceeded(Outcome::NotApplied)),
            () = self.validity.ended() => status::from_error(&Error::Unauthenticated),
        }
    }

    /// The caller's deadline, if that is sooner.
    pub(crate) fn or_sooner(&self, limit: Instant) -> Instant {
        self.deadline.map_or(limit, |deadline| deadline.min(limit))
    }
}

/// A stream that ends when the service stops, if it has not before.
pub(crate) fn until_stopped<T: Send + 'static>(
    stopping: &CancellationToken,
    items: impl Stream<Item = Result<T, Status>> + Send + 'static,
) -> BoxStream<T> {
    let token = stopping.clone();
    let end = stream::once(async move { token.is_cancelled().then(|| Err(stopped())) });
    let end = end.filter_map(std::future::ready);
    Box::pin(items.take_until(stopping.clone().cancelled_owned()).chain(end))
}

fn stopped() -> Status {
    status::from_reason(Reason::StoreUnavailable, "the service is stopping; go on at another instance")
}

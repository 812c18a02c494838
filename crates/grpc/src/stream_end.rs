//! What ends a stream that its caller does not end.

use access::Validity;
use budget::Connection;
use domain::{Error, Outcome, Reason, caller::Caller};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Extensions, Status, codegen::BoxStream};

use crate::{Service, status};

/// What ends any stream: the stop of the service, and the end of the connection that the stream is on.
#[derive(Debug, Clone)]
pub(crate) struct ServerEnd {
    stopping: CancellationToken,
    connection: CancellationToken,
}

impl ServerEnd {
    /// That of a call with these extensions, on a service that stops when this is cancelled.
    pub(crate) fn new(stopping: &CancellationToken, extensions: &Extensions) -> Self {
        let connection = extensions.get::<Connection>().map(|connection| connection.end().clone());
        Self { stopping: stopping.clone(), connection: connection.unwrap_or_default() }
    }

    /// A stream that ends then, if it has not before.
    pub(crate) fn bound<T: Send + 'static>(
        self,
        items: impl Stream<Item = Result<T, Status>> + Send + 'static,
    ) -> BoxStream<T> {
        let state = (Box::pin(items), self);
        Box::pin(stream::unfold(Some(state), async |state| {
            let (mut items, end) = state?;
            tokio::select! {
                biased;
                status = end.reached() => Some((Err(status), None)),
                item = items.next() => Some((item?, Some((items, end)))),
            }
        }))
    }

    /// Waits for it. The status says why, and that the caller may go on elsewhere.
    async fn reached(&self) -> Status {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => stopped(),
            () = self.connection.cancelled() => aged(),
        }
    }
}

/// The caller's own deadline, the end of what it may, and the server's. The server's limit on how long a call may take is not among them.
#[derive(Debug, Clone)]
pub(crate) struct StreamEnd {
    deadline: Option<Instant>,
    validity: Validity,
    server: ServerEnd,
}

impl StreamEnd {
    /// That of a call with these extensions.
    ///
    /// # Errors
    /// The status of a service that has stopped, or of a connection that has ended: no stream begins there any more.
    pub(crate) fn new(service: &Service, caller: &Caller, extensions: &Extensions) -> Result<Self, Status> {
        let deadline = caller.deadline.map(Instant::from_std);
        let server = ServerEnd::new(&service.stopping, extensions);
        if server.stopping.is_cancelled() {
            return Err(stopped());
        }
        if server.connection.is_cancelled() {
            return Err(aged());
        }
        Ok(Self { deadline, validity: extensions.get().cloned().unwrap_or_default(), server })
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
            status = self.server.reached() => status,
            () = passed => status::from_error(&Error::DeadlineExceeded(Outcome::NotApplied)),
            () = self.validity.ended() => status::from_error(&Error::Unauthenticated),
        }
    }

    /// The caller's deadline, if that is sooner.
    pub(crate) fn or_sooner(&self, limit: Instant) -> Instant {
        self.deadline.map_or(limit, |deadline| deadline.min(limit))
    }
}

/// A stream that holds something until its end.
pub(crate) fn holding<T>(
    held: impl Send,
    stream: impl Stream<Item = T> + Send,
) -> impl Stream<Item = T> + Send {
    stream.map(move |item| {
        let _held = &held;
        item
    })
}

fn stopped() -> Status {
    status::from_reason(Reason::StoreUnavailable, "the service is stopping; go on at another instance")
}

fn aged() -> Status {
    status::from_reason(Reason::StoreUnavailable, Connection::AGED)
}

//! Health as `grpc.health.v1` reports it: beside the status, which is all that its messages hold, metadata says why.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Error;
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, codegen::BoxStream, metadata::MetadataValue};
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, HealthCheckResponse, health_check_response, health_server},
    server::{HealthReporter, HealthService},
};

use channel_session_api::v1::channel_session_service_server::SERVICE_NAME;
use wire::headers::NOT_READY;

use crate::{
    calls::long_stream,
    status,
    stream_end::{ServerEnd, holding},
};

/// How many bytes of that are sent at most: it travels in headers.
const MAX_REASON_BYTES: usize = 512;

/// How many watches of the health there may be at once, some 11 kB each: nobody needs credentials for them. More are refused; for
/// a client, that is a server without health, which it calls all the same.
const MAX_WATCHES: usize = 4096;

/// What the process says of its health. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Health {
    reporter: HealthReporter,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Why the service does not serve; none if it does.
    why: Option<String>,
    is_stopping: bool,
    /// What was reported last.
    reported: Option<ServingStatus>,
}

impl Health {
    /// The service serves, unless it is about to stop.
    pub async fn ready(&self) {
        self.set(None).await;
    }

    /// The service does not serve, for this reason.
    pub async fn not_ready(&self, why: impl Into<String>) {
        self.set(Some(why.into())).await;
    }

    /// The process is about to stop: from now on the service does not serve, whatever else is said.
    pub async fn stop(&self) {
        self.state().is_stopping = true;
        self.set(Some("the process is stopping".to_owned())).await;
    }

    /// What answers for it, until the service stops.
    pub(crate) fn server(
        &self,
        stopping: CancellationToken,
    ) -> health_server::HealthServer<HealthWithReason> {
        let service = HealthService::from_health_reporter(self.reporter.clone());
        let permits = Arc::new(Semaphore::new(MAX_WATCHES));
        health_server::HealthServer::new(HealthWithReason {
            service,
            health: self.clone(),
            stopping,
            permits,
        })
    }

    async fn set(&self, why: Option<String>) {
        let status = {
            let mut state = self.state();
            if !state.is_stopping || state.why.is_none() || why.is_some() {
                state.why = why;
            }
            let is_ready = state.why.is_none() && !state.is_stopping;
            let status = if is_ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            if state.reported.replace(status) == Some(status) {
                // Who watches hears of changes only.
                return;
            }
            status
        };
        // The empty name stands for the process as a whole.
        for service in ["", SERVICE_NAME] {
            self.reporter.set_service_status(service, status).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The library's service, but that it says why, and that a watch of a name that it does not know says so and goes on, as
/// the protocol asks: clients that watch take an error for a server without health, and call it all the same.
pub(crate) struct HealthWithReason {
    service: HealthService,
    health: Health,
    stopping: CancellationToken,
    /// One for each watch.
    permits: Arc<Semaphore>,
}

#[tonic::async_trait]
impl health_server::Health for HealthWithReason {
    type WatchStream = BoxStream<HealthCheckResponse>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let mut response = self.service.check(request).await?;
        let why = self.health.state().why.as_deref().map(sendable);
        if let Some(Ok(why)) = why.map(MetadataValue::try_from) {
            response.metadata_mut().insert(NOT_READY, why);
        }
        Ok(response)
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let full = |_| status::from_error(&Error::Overloaded);
        let permit = (self.permits.clone().try_acquire_owned().map_err(full)?, long_stream(&request)?);
        let end = ServerEnd::new(&self.stopping, request.extensions());
        match self.service.watch(request).await {
            Ok(known) => Ok(known.map(|changes| end.bound(holding(permit, changes)))),
            Err(status) if status.code() == Code::NotFound => {
                let unknown = health_check_response::ServingStatus::ServiceUnknown;
                let unknown = HealthCheckResponse { status: unknown.into() };
                let changes = stream::iter([Ok(unknown)]).chain(stream::pending());
                Ok(Response::new(end.bound(holding(permit, changes))))
            }
            Err(status) => Err(status),
        }
    }
}

/// A text as metadata can hold it.
fn sendable(why: &str) -> String {
    why.chars()
        .map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' })
        .take(MAX_REASON_BYTES)
        .collect()
}

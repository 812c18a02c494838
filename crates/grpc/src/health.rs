//! `grpc.health.v1`, as its protocol describes it.

use futures_util::{StreamExt, stream};
use tonic::{Code, Request, Response, Status, codegen::BoxStream};
use tonic_health::{
    pb::{
        HealthCheckRequest, HealthCheckResponse,
        health_check_response::ServingStatus,
        health_server::{Health, HealthServer},
    },
    server::{HealthReporter, HealthService},
};

/// Health as a reporter tells it, of the names that the reporter has been told by the time that calls come in.
#[must_use]
pub fn health(reporter: HealthReporter) -> HealthServer<impl Health> {
    HealthServer::new(Watched(HealthService::from_health_reporter(reporter)))
}

/// The library's service, but that a watch of a name that it does not know says so and goes on, as the protocol asks:
/// clients that watch take an error for a server without health, and call it all the same.
struct Watched(HealthService);

#[tonic::async_trait]
impl Health for Watched {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.0.check(request).await
    }

    type WatchStream = BoxStream<HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        match self.0.watch(request).await {
            Ok(known) => Ok(known.map(|changes| -> Self::WatchStream { Box::pin(changes) })),
            Err(status) if status.code() == Code::NotFound => {
                let unknown = HealthCheckResponse { status: ServingStatus::ServiceUnknown.into() };
                Ok(Response::new(Box::pin(stream::iter([Ok(unknown)]).chain(stream::pending()))))
            }
            Err(status) => Err(status),
        }
    }
}

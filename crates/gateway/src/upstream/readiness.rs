//! Whether the service can serve, as its own health says.

use std::{error::Error as _, time::Duration};

use channel_session_api::v1::channel_session_service_server::SERVICE_NAME;
use domain::error::chain;
use tonic::Status;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use wire::headers::NOT_READY;

use super::Upstream;

/// Whether the service can serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot, and says why, if it does.
    NotReady(Option<String>),
    /// It has not answered, or is another one: why, for operators.
    Unavailable(String),
}

/// How long the service may take to say that it can serve.
const TIMEOUT: Duration = Duration::from_secs(3);

impl Upstream {
    /// Asks the service once.
    pub async fn readiness(&self) -> Readiness {
        let request = HealthCheckRequest { service: SERVICE_NAME.to_owned() };
        let mut health = self.health();
        match tokio::time::timeout(TIMEOUT, health.check(request)).await {
            Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => Readiness::Ready,
            Ok(Ok(answer)) => {
                let why = answer.metadata().get(NOT_READY).and_then(|why| why.to_str().ok());
                Readiness::NotReady(why.map(ToOwned::to_owned))
            }
            Ok(Err(status)) => Readiness::Unavailable(cause(&status)),
            Err(_) => Readiness::Unavailable(format!("it did not answer within {} s", TIMEOUT.as_secs())),
        }
    }
}

/// What became of a call: why it has no answer, or what it was answered with.
fn cause(status: &Status) -> String {
    match status.source() {
        Some(source) => chain(source),
        None => format!("it answered {:?}: {}", status.code(), status.message()),
    }
}

//! Whether the process is up, and whether it can serve.

use std::time::Duration;

use channel_session_api::v1::channel_session_service_server::SERVICE_NAME;
use domain::Reason;
use http::header::CONTENT_TYPE;
use schemars::JsonSchema;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use wire::headers::NOT_READY;

use crate::{
    operation::Answer,
    problem::Problem,
    reply::{Answers, Reply},
    upstream::Call,
};

/// That all is well.
pub(crate) struct Health;

/// That all is well: `ok`.
#[derive(JsonSchema)]
#[schemars(rename = "Health")]
#[allow(dead_code, reason = "it describes what is written as it stands")]
struct HealthBody {
    #[schemars(extend("const" = "ok"))]
    status: String,
}

impl Answers for Health {
    const ANSWERS: &'static [Answer] = &[Answer::json::<HealthBody>()];
}

/// How long the service may take to say that it can serve.
const PATIENCE: Duration = Duration::from_secs(3);

/// The process is up; it asks nobody else.
pub(crate) async fn healthz() -> Reply<Health> {
    ok()
}

/// The service behind the gateway can serve, as its own health says.
pub(crate) async fn readyz(Call { gateway, .. }: Call) -> Result<Reply<Health>, Problem> {
    if gateway.leaving.is_cancelled() {
        return Err(Problem::new(Reason::StoreUnavailable, "not ready: the process is about to stop"));
    }
    let request = HealthCheckRequest { service: SERVICE_NAME.to_owned() };
    let mut health = gateway.upstream.health();
    let answer = tokio::time::timeout(PATIENCE, health.check(request)).await;
    let why = match &answer {
        Ok(Ok(response)) if response.get_ref().status() == ServingStatus::Serving => return Ok(ok()),
        Ok(Ok(response)) => response.metadata().get(NOT_READY).and_then(|why| why.to_str().ok()),
        Ok(Err(_)) | Err(_) => None,
    };
    let why = why.unwrap_or("the service behind the gateway is unavailable");
    Err(Problem::new(Reason::StoreUnavailable, format!("not ready: {why}")))
}

fn ok() -> Reply<Health> {
    Reply::new(([(CONTENT_TYPE, "application/json")], "{\"status\":\"ok\"}\n"))
}

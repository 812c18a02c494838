//! Whether the process is up, and whether it can serve.

use domain::Reason;
use http::header::CONTENT_TYPE;
use schemars::JsonSchema;

use crate::{
    operation::Answer,
    problem::Problem,
    reply::{Answers, Reply},
    upstream::{Call, Readiness},
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

/// The process is up; it asks nobody else.
pub(crate) async fn healthz() -> Reply<Health> {
    ok()
}

/// The service behind the gateway can serve, as its own health says.
pub(crate) async fn readyz(Call { gateway, .. }: Call) -> Result<Reply<Health>, Problem> {
    if gateway.leaving.is_cancelled() {
        return Err(Problem::new(Reason::StoreUnavailable, "not ready: the process is about to stop"));
    }
    let why = match gateway.upstream.readiness().await {
        Readiness::Ready => return Ok(ok()),
        Readiness::NotReady(why) => why,
        Readiness::Unavailable(_) => None,
    };
    let why = why.unwrap_or_else(|| "the service behind the gateway is unavailable".to_owned());
    Err(Problem::new(Reason::StoreUnavailable, format!("not ready: {why}")))
}

fn ok() -> Reply<Health> {
    Reply::new(([(CONTENT_TYPE, "application/json")], "{\"status\":\"ok\"}\n"))
}

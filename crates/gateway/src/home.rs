//! What a caller finds who asks for nothing in particular: what this is, and where to look.

use axum::response::IntoResponse;
use channel_session_api::v1::channel_session_service_server::SERVICE_NAME;
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, VARY},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    headers::{FromHeaders, Headers},
    openapi,
    operation::Answer,
    problem::Problem,
    reply::{Answers, Reply},
};

/// What this is, and where to look.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Home")]
struct HomeBody {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    /// The document that describes this interface.
    openapi: &'static str,
    /// The same for people.
    docs: &'static str,
    health: &'static str,
    readiness: &'static str,
    /// The gRPC service on the port beside this one, which describes itself by reflection where that is open.
    grpc: &'static str,
}

const HOME: HomeBody = HomeBody {
    name: "channel-sessions",
    version: env!("CARGO_PKG_VERSION"),
    description: "Keeps channel sessions and attaches data to them.",
    openapi: "/openapi.json",
    docs: "/docs",
    health: "/healthz",
    readiness: "/readyz",
    grpc: SERVICE_NAME,
};

/// The same as JSON or as a page.
pub(crate) struct Home;

impl Answers for Home {
    const ANSWERS: &'static [Answer] = &[Answer::json::<HomeBody>(), Answer::text("text/html")];
}

/// Whether a page is asked for, as browsers do. Whoever takes anything gets JSON.
pub(crate) struct WantsPage(bool);

impl FromHeaders for WantsPage {
    // It changes how the same is written.
    const NAMES: &'static [&'static str] = &[];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
        let mut types = lines.flat_map(|line| line.split(','));
        Ok(Self(types.any(|range| {
            let media_type = range.split(';').next().unwrap_or_default();
            media_type.trim().eq_ignore_ascii_case("text/html")
        })))
    }
}

pub(crate) async fn home(Headers(WantsPage(wants_page)): Headers<WantsPage>) -> Result<Reply<Home>, Problem> {
    let vary = [(VARY, HeaderValue::from_name(ACCEPT))];
    if wants_page {
        return Ok(Reply::new((vary, openapi::html(openapi::home_page()))));
    }
    Ok(Reply::new((vary, Reply::json(&HOME)?.into_response())))
}

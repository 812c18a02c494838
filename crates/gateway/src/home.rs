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
        let ranges: Vec<_> = lines.flat_map(|line| line.split(',')).map(range).collect();
        let quality = |of: &str| {
            ranges.iter().find(|(name, _)| name.eq_ignore_ascii_case(of)).map_or(0.0, |(_, quality)| *quality)
        };
        let page = quality("text/html");
        Ok(Self(page > 0.0 && page >= quality("application/json")))
    }
}

/// A media range and how much it is wanted, from 0 to 1 (RFC 9110, section 12.4.2).
fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
    (name, quality.unwrap_or(1.0))
}

pub(crate) async fn home(Headers(WantsPage(wants_page)): Headers<WantsPage>) -> Result<Reply<Home>, Problem> {
    let vary = [(VARY, HeaderValue::from_name(ACCEPT))];
    if wants_page {
        return Ok(Reply::new((vary, openapi::html(openapi::home_page()))));
    }
    Ok(Reply::new((vary, Reply::json(&HOME)?.into_response())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_for_whoever_would_rather_have_one() {
        for (accept, wants_page) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html; q=0.5", true),
            ("application/json, text/html;q=0.5", false),
            ("text/html;q=0", false),
            ("*/*", false),
            ("application/json", false),
        ] {
            let headers = [(ACCEPT, HeaderValue::from_static(accept))].into_iter().collect();
            let wants = WantsPage::read(&headers).map(|WantsPage(wants)| wants);
            assert_eq!(wants.ok(), Some(wants_page), "{accept}");
        }
    }
}

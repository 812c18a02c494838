//! What the REST interface is: a document (OpenAPI) and a page that shows it.
//!
//! Both follow from the table of operations, the types that these read and answer, and the contract's descriptor set with its
//! comments. Nothing of a deployment is in them but whether callers need credentials.

mod contract;
mod document;
mod errors;
mod examples;
mod operations;
mod overlay;
mod page;
mod parameters;
pub(crate) mod rules;
mod session;
#[cfg(test)]
mod tests;
mod types;
mod wording;

use axum::response::IntoResponse;
use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST},
};
use schemars::JsonSchema;

use crate::{
    headers::{Headers, Known},
    operation::Answer,
    reply::{Answers, Reply},
    upstream::Call,
};

pub(crate) use page::home as home_page;
pub(crate) use session::ChannelSessionDocument;
pub(crate) use types::{Attribute, ReasonName, ServerSentEvent};

/// The document.
pub(crate) struct OpenApi;

/// An OpenAPI document.
#[derive(JsonSchema)]
#[schemars(rename = "OpenApi")]
#[allow(dead_code, reason = "it describes what is written as it stands")]
struct OpenApiBody {
    openapi: String,
    info: serde_json::Map<String, serde_json::Value>,
    paths: serde_json::Map<String, serde_json::Value>,
}

const WITH_ETAG: &[(&str, bool)] = &[("ETag", true)];

impl Answers for OpenApi {
    const ANSWERS: &'static [Answer] =
        &[Answer::json::<OpenApiBody>().with(WITH_ETAG), Answer::empty(304).with(WITH_ETAG)];
}

/// The same for as long as the process runs; another version has another one.
const REVALIDATED: HeaderValue = HeaderValue::from_static("no-cache");

pub(crate) async fn get(call: Call, Headers(known): Headers<Known>) -> Reply<OpenApi> {
    let document = document::encoded(call.gateway.options.access.is_required());
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    unless_known(&known, document.etag.clone(), (json, document.json.clone()))
}

/// What is asked for, unless the caller has it already.
fn unless_known<A: Answers>(known: &Known, etag: HeaderValue, whole: impl IntoResponse) -> Reply<A> {
    let is_known = known.holds(etag.to_str().unwrap_or_default());
    let headers = [(ETAG, etag), (CACHE_CONTROL, REVALIDATED)];
    if is_known { Reply::new((StatusCode::NOT_MODIFIED, headers)) } else { Reply::new((headers, whole)) }
}

/// The page.
pub(crate) struct Docs;

impl Answers for Docs {
    const ANSWERS: &'static [Answer] =
        &[Answer::text("text/html").with(WITH_ETAG), Answer::empty(304).with(WITH_ETAG)];
}

pub(crate) async fn docs(call: Call, Headers(known): Headers<Known>) -> Reply<Docs> {
    let options = &call.gateway.options;
    let host = call.parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let origin = origin(&call, host);
    let page = page::page(options.access.is_required(), &origin);
    unless_known(&known, document::etag(&page), html(page))
}

/// Where the page's reader has found the service. A proxy that speaks TLS in its place says so.
fn origin(call: &Call, host: &str) -> String {
    let is_forwarded = call.parts.headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let is_secure = call.gateway.options.browsers.are_over_tls || is_forwarded;
    format!("{}://{host}", if is_secure { "https" } else { "http" })
}

/// A page that loads nothing, runs nothing and is shown in no other page.
pub(crate) fn html(page: String) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, page::policy()),
        (CACHE_CONTROL, REVALIDATED),
    ];
    (headers, Bytes::from(page))
}

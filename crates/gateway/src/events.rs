//! `GET /events`: `WatchChannelSessions` as Server-Sent Events, for browsers and scripts.
//!
//! Nothing is read of the watch before the caller has taken what was sent, so a slow caller costs what is on its way, and
//! the service tells it when it has fallen behind. Streams have places of their own, and take none of those of calls.

mod encode;
mod stream;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use budget::{Connection, Counted};
use channel_session_api::v1::WatchChannelSessionsRequest;
use domain::{Error, Reason};
use http::{
    HeaderMap, HeaderName,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    request::Parts,
};

use crate::{Gateway, headers, problem::Problem, query};

use stream::Stream;

/// Reverse proxies by nginx, and many besides, hand a response on as it comes where this says `no`.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What every stream has.
const HEADERS: [(HeaderName, &str); 3] =
    [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (ACCEL_BUFFERING, "no")];

/// The response begins with the watch's first message, so that whatever is wrong before that is a problem with its
/// status. A browser that gets one does not try again: it gets none for what may pass, but a stream that ends.
pub(crate) async fn events(State(gateway): State<Gateway>, parts: Parts) -> Result<Response, Problem> {
    match open(&gateway, &parts).await {
        Err(problem) if problem.may_pass() && wants_stream(&parts.headers) => {
            Ok((HEADERS, encode::refusal(&problem)).into_response())
        }
        response => response,
    }
}

/// Whether a caller asks for a stream by its type, as browsers do. Whoever takes anything takes a problem too.
fn wants_stream(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let mut types = lines.flat_map(|line| line.split(','));
    types.any(|range| {
        let media_type = range.split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case("text/event-stream")
    })
}

async fn open(gateway: &Gateway, parts: &Parts) -> Result<Response, Problem> {
    let seen = headers::last_event_id(&parts.headers)?;
    let request = query::read(parts, |query| {
        let position = query.text("position")?;
        Ok(WatchChannelSessionsRequest {
            channel_session_id: query.text("channelSessionId")?,
            conversation_id: query.text("conversationId")?,
            keys: query.texts("key"),
            // A browser that comes back asks with the query that it first came with.
            position: seen.unwrap_or(position),
        })
    })?;
    let place = gateway.event_streams.clone().try_acquire_owned();
    let place = place.map_err(|_| Problem::from(&Error::Overloaded))?;
    let long = match parts.extensions.get::<Connection>().map(Connection::long_stream) {
        Some(None) => return Err(Problem::new(Reason::Overloaded, Connection::full())),
        Some(Some(long)) => Some(long),
        None => None,
    };
    let watch = gateway.watch(parts, request).await?;
    let is_counted = gateway.upstream.is_in_process();
    let mut response = (HEADERS, Body::from_stream(Stream::new(watch, (place, long)))).into_response();
    if is_counted {
        // Each event has its share from the service.
        response.extensions_mut().insert(Counted::yielding(&gateway.options.budget.events));
    }
    Ok(response)
}

//! `WatchChannelSessions` as Server-Sent Events, for browsers and scripts.
//!
//! Nothing is read of the watch before the caller has taken what was sent, so a slow caller costs what is on its way, and
//! the service reports when it has fallen behind. Streams have permits of their own, and take none of those of calls.
//! The heartbeats are the watch's checkpoints, so axum's are not needed.

mod encode;

use std::convert::Infallible;

use axum::response::{IntoResponse, Sse, sse::Event};
use budget::{Connection, Counted};
use channel_session_api::v1::WatchChannelSessionsRequest;
use domain::{Error, Reason, event::Position, session::IndexedFields};
use http::{
    HeaderMap, HeaderName,
    header::{ACCEPT, CACHE_CONTROL},
};
use schemars::JsonSchema;
use serde::Deserialize;
use tonic::codegen::tokio_stream::{self, Stream, StreamExt};

use crate::{
    headers::{Headers, LastEventId},
    openapi::{self, rules},
    operation::{Answer, schema},
    problem::Problem,
    query::Query,
    reply::{Answers, Reply},
    upstream::Call,
};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Parameters {
    #[schemars(length(max = Position::MAX_CHARS))]
    position: String,
    #[schemars(schema_with = "rules::id")]
    channel_session_id: String,
    #[schemars(length(max = IndexedFields::MAX_CHARS))]
    conversation_id: String,
    #[schemars(schema_with = "rules::watched_keys")]
    key: Vec<String>,
}

/// A stream of events.
pub(crate) struct Events;

impl Answers for Events {
    const ANSWERS: &'static [Answer] =
        &[Answer { schema: Some(schema::<openapi::ServerSentEvent>), ..Answer::text("text/event-stream") }];
}

/// Reverse proxies by nginx, and many besides, hand a response on as it comes where this says `no`.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The response begins with the watch's first message, so that whatever is wrong before that is a problem with its
/// status. A browser that gets one does not try again: it gets none for what may pass, but a stream that ends.
pub(crate) async fn events(
    call: Call,
    Headers(LastEventId(seen)): Headers<LastEventId>,
    Query(parameters): Query<Parameters>,
) -> Result<Reply<Events>, Problem> {
    let request = WatchChannelSessionsRequest {
        channel_session_id: parameters.channel_session_id,
        conversation_id: parameters.conversation_id,
        keys: parameters.key,
        // A browser that comes back asks with the query that it first came with.
        position: seen.unwrap_or(parameters.position),
    };
    match open(&call, request).await {
        Err(problem) if problem.may_pass() && wants_stream(&call.parts.headers) => {
            Ok(reply(tokio_stream::once(encode::refusal(&problem)), None))
        }
        reply => reply,
    }
}

async fn open(call: &Call, request: WatchChannelSessionsRequest) -> Result<Reply<Events>, Problem> {
    let gateway = &call.gateway;
    let permit = gateway.event_streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Problem::from(&Error::Overloaded))?;
    let long = match call.parts.extensions.get::<Connection>().map(Connection::long_stream) {
        Some(None) => return Err(Problem::new(Reason::Overloaded, Connection::full())),
        Some(Some(long)) => Some(long),
        None => None,
    };
    let (first, rest) = call.watch(request).await?;
    let headers = call.parts.headers.clone();
    // Given back when the caller is gone: the permits among all event streams, and among those of its connection.
    let permits = (permit, long);
    let rest = rest.map(move |next| {
        let _held = &permits;
        next.map_or_else(|status| encode::error(&status, &headers), |message| encode::message(&message))
    });
    // In one process each event has its share from the service.
    let counted = gateway.upstream.is_in_process();
    let counted = counted.then(|| Counted::yielding(&gateway.options.budget.events));
    Ok(reply(tokio_stream::once(encode::start(&first)).chain(rest), counted))
}

fn reply(events: impl Stream<Item = Event> + Send + 'static, counted: Option<Counted>) -> Reply<Events> {
    let headers = [(CACHE_CONTROL, "no-store"), (ACCEL_BUFFERING, "no")];
    let mut response = (headers, Sse::new(events.map(Ok::<_, Infallible>))).into_response();
    if let Some(counted) = counted {
        response.extensions_mut().insert(counted);
    }
    Reply::new(response)
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

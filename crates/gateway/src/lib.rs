//! The REST gateway: HTTP to the gRPC call, and the only place where a status becomes a problem.
//!
//! Thin: each route is one call. It reads no session and no attribute; a body goes into the call as it came, and the
//! stored document comes out of it as it is.

mod body;
mod channel_sessions;
mod forms;
mod id;
mod log;
mod probes;
mod problem;
mod reply;
mod upstream;

use std::{sync::Arc, time::Duration};

use axum::{
    Router, middleware,
    routing::{get, post, put},
};
use body::Memory;
use domain::Reason;
use tokio::sync::Semaphore;

pub use upstream::Upstream;

use problem::Problem;

/// What a deployment can set.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a call to the service may take. The service itself answers a moment before that.
    pub call_timeout: Duration,
    /// How many calls may be under way at once. More are refused.
    pub max_concurrent_requests: usize,
}

/// What every route needs.
#[derive(Clone)]
struct Gateway {
    upstream: Upstream,
    options: Options,
    /// One for each call that may be under way. A request takes its place when its body is there, so that those whose
    /// bodies do not arrive keep nobody else waiting.
    places: Arc<Semaphore>,
    /// What bodies may take together.
    memory: Memory,
}

/// All that the HTTP port serves.
pub fn routes(upstream: Upstream, options: Options) -> Router {
    let places = Arc::new(Semaphore::new(options.max_concurrent_requests));
    let gateway = Gateway { upstream, options, places, memory: Memory::default() };
    Router::new()
        .route("/forms", put(forms::without_id))
        .route("/forms/", put(forms::without_id))
        .route("/forms/{channelSessionId}", put(forms::update_data))
        .route("/channel-sessions", post(channel_sessions::create))
        .route("/channel-sessions/{channelSessionId}", get(channel_sessions::get))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .method_not_allowed_fallback(|| async {
            Problem::new(Reason::MethodNotAllowed, "the path takes other methods: see the Allow header")
        })
        .fallback(|| async {
            Problem::new(
                Reason::NotFound,
                "there is no such path; there are /forms/{channelSessionId}, /channel-sessions, \
                 /channel-sessions/{channelSessionId}, /healthz and /readyz",
            )
        })
        .layer(middleware::from_fn(log::layer))
        .with_state(gateway)
}

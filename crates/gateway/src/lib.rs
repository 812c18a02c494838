//! The REST gateway: HTTP to the gRPC call and back.
//!
//! Thin: each route is one call. It decides nothing about sessions and attributes, and reads neither: a body goes into the
//! call as it came, or its members' texts do, and the stored document comes out of it as it is.

mod access;
mod attribute;
mod batch_update_data;
mod body;
mod browser;
mod create;
mod delete;
mod drain;
mod end;
mod event_name;
mod events;
mod forms;
mod get;
mod header_limit;
mod headers;
mod history;
mod home;
mod host;
mod id;
mod invalid;
mod list;
mod log;
mod misplaced;
mod off_network;
mod openapi;
mod operation;
mod paths;
mod percent;
mod probes;
mod problem;
mod query;
mod reply;
mod routes;
mod update_data;
mod upstream;

use std::{sync::Arc, time::Duration};

use ::access::Access;
use axum::{Router, middleware};
use budget::Budget;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use browser::{
    cors::{self, Cors},
    guard::{self, Guard},
};

pub use browser::{Browsers, Host, Hosts, Origin, Origins};
pub use operation::{Answer, Operation, Type};
pub use routes::operations;
pub use upstream::{Readiness, Upstream};

/// What a deployment can set.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a call to the service may take. The service itself answers a moment before that.
    pub call_timeout: Duration,
    /// How many calls may be under way at once. More are refused.
    pub max_concurrent_requests: usize,
    /// How many event streams may be open at once, beside the calls. More are refused. Each costs a connection, and some
    /// hundred kilobytes where its caller does not read.
    pub max_event_streams: usize,
    /// What calls take together: the service's own, where that is in the same process.
    pub budget: Budget,
    /// Who may call, where the service is in the same process. Another one decides by itself.
    pub access: Access,
    /// What pages in browsers may do.
    pub browsers: Browsers,
}

/// What every route needs.
struct Gateway {
    upstream: Upstream,
    options: Options,
    /// One for each call that may be under way, where the service is not in this process: that one has permits of its own, which
    /// tenants share. A request takes one when its body is there, so that those whose bodies do not arrive keep nobody else
    /// waiting.
    permits: Option<Arc<Semaphore>>,
    /// One for each event stream that may be open.
    event_streams: Arc<Semaphore>,
    /// Cancelled once the process is about to stop.
    leaving: CancellationToken,
}

/// All that the HTTP port serves. Once the process is `leaving`, which it says by not being ready, it also says so on each
/// connection.
pub fn routes(upstream: Upstream, options: Options, leaving: CancellationToken) -> Router {
    let event_streams = Arc::new(Semaphore::new(options.max_event_streams));
    let guard = Guard { browsers: options.browsers.clone(), is_open: !options.access.is_required() };
    let origins = options.browsers.origins.clone();
    let is_in_process = upstream.is_in_process();
    let permits = (!is_in_process).then(|| Arc::new(Semaphore::new(options.max_concurrent_requests)));
    let long_work = options.budget.long_work.clone();
    let gateway = Arc::new(Gateway { upstream, options, permits, event_streams, leaving: leaving.clone() });
    // Around all of it, since the router adds headers to what its own layers return.
    let mut routes = Router::new()
        .fallback_service(routes::router(gateway))
        .layer(middleware::from_fn_with_state(long_work, off_network::layer))
        .layer(middleware::from_fn(paths::layer))
        .layer(middleware::from_fn_with_state(guard, guard::layer))
        .layer(middleware::from_fn(host::layer))
        .layer(middleware::from_fn(header_limit::layer));
    // Around what refuses, so that pages can read why.
    if origins.are_listed() {
        let cors = Arc::new(Cors::new(origins, &operations()));
        routes = routes.layer(middleware::from_fn_with_state(cors, cors::layer));
    }
    routes
        .layer(middleware::from_fn_with_state(is_in_process, log::layer))
        .layer(middleware::from_fn_with_state(leaving, drain::layer))
}

#[cfg(test)]
mod tests;

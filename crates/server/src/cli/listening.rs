//! What a process says once it listens: in one line, all that an operator wants to know of how it runs.

use std::net::SocketAddr;

use crate::config::Authn;

/// How a process runs. A password is in none of it.
pub(super) struct Listening<'a> {
    /// Where gRPC is served, where it is.
    pub(super) grpc: Option<SocketAddr>,
    /// Where REST is served.
    pub(super) http: SocketAddr,
    /// The gRPC address that a gateway alone calls.
    pub(super) upstream: Option<&'a str>,
    /// The database, by [`crate::store::target`].
    pub(super) database: Option<&'a str>,
    /// Where metrics are exposed, where they are.
    pub(super) metrics: Option<SocketAddr>,
    /// How callers say who they are, where that is decided here.
    pub(super) authn: Option<String>,
    /// Whether TLS is spoken on the addresses: `on` or `off`.
    pub(super) tls: &'a str,
    /// The same to the service that a gateway alone calls.
    pub(super) upstream_tls: Option<&'a str>,
}

impl Listening<'_> {
    /// Says it.
    pub(super) fn log(self) {
        let Self { grpc, http, upstream, database, metrics, authn, tls, upstream_tls } = self;
        let version = env!("CARGO_PKG_VERSION");
        let (grpc, metrics) = (grpc.map(tracing::field::display), metrics.map(tracing::field::display));
        tracing::info!(version, grpc, %http, metrics, database, authn, tls, upstream, upstream_tls, "listening");
    }
}

/// A switch, as settings have it.
pub(super) fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

/// Ways to say who one is, as the setting has them.
pub(super) fn names(authn: &[Authn]) -> String {
    let names = authn.iter().filter_map(clap::ValueEnum::to_possible_value);
    names.map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(",")
}

//! The metrics of the process, from its first moment on, where they are exposed, and to whom they and its traces are
//! sent.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::Request, http::header::CONTENT_TYPE, routing::get};
use budget::{Budget, Memory};
use metrics::{CONTENT_TYPE as OPENMETRICS, Metrics};
use otlp::Otlp;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    cli::Failure,
    config,
    listener::{Age, Answers, Bounds, Capacity, Listener, Protocol},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How many connections there are at most: a few of whoever asks every some seconds, and room for peers that begin a request and
/// do not end it, so that probes are not kept out.
const MAX_CONNECTIONS: usize = 256;

/// The metrics of the process, and where they are exposed.
pub(crate) struct Exposition {
    pub(crate) metrics: Metrics,
    listener: Option<Listener>,
}

impl Exposition {
    /// Has everything recorded from now on, where somebody wants to know it, and takes the address.
    ///
    /// # Errors
    /// The address cannot be taken, and is not the default; or a variable of OpenTelemetry's does not say what it has to.
    pub(crate) async fn begin(
        settings: &config::Metrics,
        database: &'static str,
    ) -> Result<(Self, Otlp), Failure> {
        let metrics = Metrics::new(VERSION, database);
        let otlp = otlp::start(&metrics, VERSION)?;
        let listener = match settings.addr() {
            Some(address) => Self::bind(settings, address).await?,
            None => None,
        };
        if listener.is_some() || otlp.sends_metrics() {
            telemetry::install(metrics.clone());
        }
        Ok((Self { metrics, listener }, otlp))
    }

    async fn bind(settings: &config::Metrics, address: &str) -> Result<Option<Listener>, Failure> {
        match Listener::bind(address, Protocol::Rest).await {
            Ok(listener) => Ok(Some(listener)),
            Err(error) if settings.may_be_taken() => {
                tracing::warn!(%error, address, "metrics are exposed nowhere: change --metrics-addr, or set it to off");
                Ok(None)
            }
            Err(error) => {
                let advice = "choose another address with --metrics-addr, or off";
                Err(format!("cannot listen on {address}: {error}; {advice}").into())
            }
        }
    }

    /// Where they are exposed.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Has these limits exposed, too.
    pub(crate) fn follow(&self, budget: &Budget, capacity: &Capacity) {
        for (of, memory) in
            [("requests", &budget.requests), ("answers", &budget.answers), ("events", &budget.events)]
        {
            let (max, memory): (_, Memory) = (memory.max(), memory.clone());
            self.metrics.memory(of, max, move || max.saturating_sub(memory.available()));
        }
        let (max, capacity) = (capacity.max(), capacity.clone());
        self.metrics.connections(max, move || max.saturating_sub(capacity.free()));
    }

    /// Exposes them until `stopping`, within the limits that answers have; and beside them what the gateway answers to
    /// probes, for platforms that have no certificate to show to it.
    pub(crate) async fn serve(
        self,
        gateway: Router,
        answers: Answers,
        stopping: CancellationToken,
        drain_timeout: Duration,
    ) {
        let Some(listener) = self.listener else { return };
        let bounds = Bounds { age: Age::NONE, answers, capacity: Capacity::new(MAX_CONNECTIONS) };
        listener.serve(routes(self.metrics, gateway), bounds, stopping, drain_timeout).await;
    }
}

fn routes(metrics: Metrics, gateway: Router) -> Router {
    let expose = move || async move { ([(CONTENT_TYPE, OPENMETRICS)], metrics.openmetrics()) };
    let probe = move |request: Request| gateway.oneshot(request);
    Router::new()
        .route("/metrics", get(expose))
        .route("/healthz", get(probe.clone()))
        .route("/readyz", get(probe))
        .route("/", get(|| async { "The metrics of channel-sessions are at /metrics.\n" }))
}

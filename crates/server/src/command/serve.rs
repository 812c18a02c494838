//! `serve`: the gRPC server and the gateway in one process.

use std::process::ExitCode;

use axum::middleware;
use gateway::Upstream;
use grpc::Service;
use tokio_util::sync::CancellationToken;
use watch::Hub;

use super::{Failure, Serve, open};
use crate::{
    import,
    listener::{Listener, Protocol},
    readiness, sample,
    shutdown::Signals,
    upkeep,
};

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        let grpc_listener = bind(&self.grpc_addr.grpc_addr, "--grpc-addr", Protocol::Grpc).await?;
        let http_listener = bind(&self.http_addr.http_addr, "--http-addr", Protocol::Rest).await?;
        let store = open(&self.database).await?;
        if self.sample {
            let id = sample::store(&*store).await.map_err(|error| {
                format!("cannot store the documented session: {}", import::Failure(error))
            })?;
            tracing::info!(id = id.as_str(), "the documented session is there");
        }

        let hub = Hub::new(store.clone(), watch::Options { max_watches: self.limits.max_watches() });
        let service = Service::new(
            store.clone(),
            hub,
            grpc::Options {
                max_attributes: self.rules.max_attributes as usize,
                value_rules: self.rules.value_rules(),
                max_deadline: self.limits.request_timeout(),
                max_concurrent_calls: self.limits.max_concurrent_requests(),
            },
        );
        let reporter = tonic_health::server::HealthReporter::new();
        let routes = grpc::routes(service.clone(), grpc::health(reporter.clone()));
        // Two stages: not ready any more, then no new connections.
        let (leaving, stopping) = (CancellationToken::new(), CancellationToken::new());
        let upstream = Upstream::in_process(routes.clone());
        let gateway = gateway::routes(upstream, self.limits.gateway(), leaving.clone());
        let drain_timeout = self.stop.drain_timeout();
        readiness::begin(&reporter).await;
        tracing::info!(
            grpc = %grpc_listener.local_addr()?,
            http = %http_listener.local_addr()?,
            "listening"
        );
        let readiness = tokio::spawn(readiness::follow(store.clone(), reporter, leaving.clone()));
        let upkeep = tokio::spawn(upkeep::run(store.clone(), self.retention, leaving.clone()));
        let grpc_routes = routes.layer(middleware::from_fn(grpc::log::layer));
        let servers = tokio::spawn({
            let stopping = stopping.clone();
            async move {
                tokio::join!(
                    grpc_listener.serve(grpc_routes, stopping.clone(), drain_timeout),
                    http_listener.serve(gateway, stopping, drain_timeout)
                )
            }
        });

        let signal = signals.next().await;
        tracing::info!(signal, "stopping: finishing what was accepted");
        let stop = async {
            leaving.cancel();
            let _ = readiness.await;
            tokio::time::sleep(self.stop.lame_duck()).await;
            stopping.cancel();
            // Streams have no end of their own: their callers go on elsewhere.
            service.stop();
            let _ = servers.await;
            let finished = async {
                service.drain().await;
                let _ = upkeep.await;
                store.close().await;
            };
            if tokio::time::timeout(drain_timeout, finished).await.is_err() {
                tracing::warn!("the store did not finish in time");
            }
        };
        tokio::select! {
            () = stop => tracing::info!("stopped"),
            signal = signals.next() => tracing::warn!(signal, "stopped at once, at a second signal"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Binds an address, and says which setting to mend if that is not possible.
pub(super) async fn bind(address: &str, flag: &str, protocol: Protocol) -> Result<Listener, Failure> {
    Listener::bind(address, protocol).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another address with {flag}").into()
    })
}

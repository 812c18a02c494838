//! `gateway`: the REST gateway alone.

use std::process::ExitCode;

use gateway::Upstream;
use http::Uri;
use tokio_util::sync::CancellationToken;

use super::{Failure, Gateway, serve::bind};
use crate::{listener::Protocol, shutdown::Signals};

impl Gateway {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        if self.grpc_addr.grpc_addr.ends_with(":0") {
            return Err(
                "--grpc-addr needs the port that the service listens on; 0 is none that can be called".into(),
            );
        }
        let listener = bind(&self.http_addr.http_addr, "--http-addr", Protocol::Rest).await?;
        let grpc_addr = &self.grpc_addr.grpc_addr;
        let upstream: Uri = format!("http://{grpc_addr}").parse().map_err(|error| {
            format!("--grpc-addr {grpc_addr} is not an address that can be called: {error}")
        })?;
        // Two stages: not ready any more, then no new connections.
        let (leaving, stopping) = (CancellationToken::new(), CancellationToken::new());
        let service = Upstream::at(upstream).until(stopping.clone());
        let budget = self.limits.budget();
        let connections = self.limits.connections_of_gateway().within_files();
        let bounds = self.limits.bounds(&budget, connections);
        let options = gateway::Options {
            max_event_streams: connections.event_streams as usize,
            ..self.limits.gateway(budget)
        };
        let routes = gateway::routes(service, options, leaving.clone());
        tracing::info!(http = %listener.local_addr()?, upstream = grpc_addr, "listening");

        let server =
            tokio::spawn(listener.serve(routes, bounds, stopping.clone(), self.stop.drain_timeout()));
        let signal = signals.next().await;
        tracing::info!(signal, "stopping: finishing what was accepted");
        let stop = async {
            leaving.cancel();
            tokio::time::sleep(self.stop.lame_duck()).await;
            stopping.cancel();
            let _ = server.await;
        };
        tokio::select! {
            () = stop => tracing::info!("stopped"),
            signal = signals.next() => tracing::warn!(signal, "stopped at once, at a second signal"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

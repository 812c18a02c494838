//! `gateway`: the REST gateway alone.

mod check;

use std::process::ExitCode;

use gateway::Upstream;
use http::Uri;
use tokio_util::sync::CancellationToken;

use super::{
    Failure, Gateway,
    listening::{Listening, on_or_off},
    serve::bind,
};
use crate::{
    followed::{self, Followed},
    listener::Protocol,
    memory,
    metrics::Exposition,
    shutdown::Signals,
    transport,
};

impl Gateway {
    pub(super) async fn run(self, level: Option<Followed>) -> Result<ExitCode, Failure> {
        if self.check {
            return self.check().await;
        }
        let mut signals = Signals::listen()?;
        // Before anything is begun.
        self.service_address(false)?;
        memory::warn_of_too_much(&self.memory());
        let (exposition, otlp) = Exposition::begin(&self.metrics, "").await?;
        let (tls, to_service) = (transport::server(&self.tls)?, transport::client(&self.upstream)?);
        self.check_reach()?;
        let ((tls, of_tls), (to_service, of_service)) = (tls.unzip(), to_service.unzip());
        let listener =
            bind(&self.http_addr.http_addr, "--http-addr", Protocol::Rest).await?.over(tls.clone());
        let grpc_addr = &self.grpc_addr.grpc_addr;
        let is_over_tls = to_service.is_some();
        let upstream = self.service_address(is_over_tls)?;
        // Two stages: not ready any more, then no new connections.
        let (leaving, stopping) = (CancellationToken::new(), CancellationToken::new());
        let service = Upstream::at(upstream, to_service).until(stopping.clone());
        let budget = self.limits.budget();
        let connections = self.limits.connections_of_gateway().within_files();
        let bounds = self.limits.bounds(&budget, connections, self.connection_age.age());
        exposition.follow(&budget, &bounds.capacity);
        let options = gateway::Options {
            browsers: self.browsers.of(&self.http_addr, tls.is_some()),
            max_event_streams: connections.event_streams as usize,
            ..self.limits.gateway(budget)
        };
        let routes = gateway::routes(service, options, leaving.clone());
        let http = listener.local_addr()?;
        Listening {
            grpc: None,
            http,
            database: None,
            authn: None,
            tls: on_or_off(tls.is_some()),
            upstream: Some(grpc_addr),
            upstream_tls: Some(on_or_off(is_over_tls)),
            metrics: exposition.local_addr(),
        }
        .log();
        let files = of_tls.into_iter().chain(of_service).chain(level).collect();
        tokio::spawn(followed::follow(files, signals.hangups(), leaving.clone()));

        let drain_timeout = self.stop.drain_timeout();
        let server = tokio::spawn({
            let (stopping, answers) = (stopping.clone(), bounds.answers.clone());
            async move {
                tokio::join!(
                    exposition.serve(routes.clone(), answers, stopping.clone(), drain_timeout),
                    listener.serve(routes, bounds, stopping, drain_timeout)
                );
            }
        });
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
        otlp.stop().await;
        Ok(ExitCode::SUCCESS)
    }

    /// What is called.
    fn service_address(&self, is_over_tls: bool) -> Result<Uri, Failure> {
        let grpc_addr = &self.grpc_addr.grpc_addr;
        if grpc_addr.ends_with(":0") {
            return Err(
                "--grpc-addr needs the port that the service listens on; 0 is none that can be called".into(),
            );
        }
        let scheme = if is_over_tls { "https" } else { "http" };
        format!("{scheme}://{grpc_addr}").parse().map_err(|error| {
            format!("--grpc-addr {grpc_addr} is not an address that can be called: {error}").into()
        })
    }

    /// Refuses settings that contradict each other.
    fn check_settings(&self) -> Result<(), Failure> {
        self.service_address(false)?;
        self.upstream.pair()?;
        self.check_reach()
    }

    /// What the settings grant, in bytes.
    fn memory(&self) -> [memory::Setting; 1] {
        [("--memory-budget", self.limits.memory_budget())]
    }

    /// Refuses to let others read what passes, unless that is meant. Who may call is the service's to decide.
    fn check_reach(&self) -> Result<(), Failure> {
        let missing = |is_there: bool, flags| if is_there { vec![] } else { vec![flags] };
        let own = missing(self.tls.pair()?.is_some(), "--tls-cert and --tls-key");
        let upstream = missing(self.upstream.upstream_ca.is_some(), "--upstream-ca");
        transport::check_reach(&[&self.http_addr.http_addr], &own, self.tls.insecure)?;
        Ok(transport::check_reach(&[&self.grpc_addr.grpc_addr], &upstream, self.tls.insecure)?)
    }
}

//! `serve`: the gRPC server and the gateway in one process.
//!
//! Both listen from the first moment on, and say that they are not ready; the store is opened behind them, however long
//! that takes. gRPC waits for it for a moment.

mod check;
mod life;
mod stop;

use std::{process::ExitCode, sync::Arc, time::Duration};

use ::tenants::Tenants;
use access::Access;
use axum::middleware;
use budget::Budget;
use domain::store::Store;
use gateway::Upstream;
use grpc::{Health, Service};
use tokio_util::sync::CancellationToken;
use watch::Hub;

use super::{
    Failure, Serve,
    first_screen::{Addresses, FirstScreen},
    listening::{self, Listening, on_or_off},
};
use crate::{
    access::Callers,
    config::Authn,
    followed::{self, Followed},
    listener::{Listener, Protocol},
    memory,
    metrics::Exposition,
    sample,
    shutdown::Signals,
    store::{self, deferred::Deferred, target},
    telemetry::Terminal,
    tenants, transport,
};
use life::Life;
use stop::Running;

impl Serve {
    pub(super) async fn run(
        self,
        level: Option<Followed>,
        terminal: Option<Terminal>,
    ) -> Result<ExitCode, Failure> {
        if self.check {
            return self.check().await;
        }
        let mut signals = Signals::listen()?;
        self.check_access()?;
        memory::warn_of_too_much(&self.memory());
        let (exposition, otlp) = Exposition::begin(&self.metrics, store::system(&self.database)).await?;
        let (callers, tls) = (Callers::read(&self.access)?, transport::server(&self.tls)?);
        let (tls, of_tls): (_, Option<Followed>) = tls.unzip();
        let (tenants, of_tenants) = tenants::read(&self.tenants, &self.rules)?;
        let grpc_listener =
            bind(&self.grpc_addr.grpc_addr, "--grpc-addr", Protocol::Grpc).await?.over(tls.clone());
        let http_listener =
            bind(&self.http_addr.http_addr, "--http-addr", Protocol::Rest).await?.over(tls.clone());

        // Two stages: not ready any more, then no new connections.
        let (leaving, stopping) = (CancellationToken::new(), CancellationToken::new());
        let store: Arc<Deferred> = Arc::default();
        let health = Health::default();
        health.not_ready("the store is being opened").await;
        let budget = self.limits.budget();
        let connections = self.limits.connections(self.database.max_connections).within_files();
        let bounds = self.limits.bounds(&budget, connections, self.connection_age.age());
        exposition.follow(&budget, &bounds.capacity);
        let access = callers.access.clone();
        let service = self.service(store.clone(), &budget, access.clone(), tenants);
        let routes = grpc::routes(service.clone(), &health);
        let upstream = Upstream::in_process(routes.clone());
        let browsers = self.browsers.of(&self.http_addr, tls.is_some());
        let options = gateway::Options { access: access.clone(), browsers, ..self.limits.gateway(budget) };
        let gateway = gateway::routes(upstream, options, leaving.clone());
        let listening = Listening {
            grpc: Some(grpc_listener.local_addr()?),
            http: http_listener.local_addr()?,
            database: Some(target(&self.database)),
            authn: Some(listening::names(&self.access.authn)),
            tls: on_or_off(tls.is_some()),
            upstream: None,
            upstream_tls: None,
            metrics: exposition.local_addr(),
        };
        let addresses =
            Addresses { grpc: grpc_listener.local_addr()?, http: listening.http, metrics: listening.metrics };
        listening.log();

        let drain_timeout = self.stop.drain_timeout();
        let begun = CancellationToken::new();
        let grpc_routes = routes.layer(middleware::from_fn(grpc::log::layer));
        let servers = tokio::spawn({
            let (stopping, began, answers) = (stopping.clone(), begun.clone(), bounds.answers.clone());
            async move {
                let grpc = async {
                    tokio::select! {
                        () = began.cancelled() => {}
                        () = stopping.cancelled() => {}
                        () = tokio::time::sleep(START) => {}
                    }
                    grpc_listener.serve(grpc_routes, bounds.clone(), stopping.clone(), drain_timeout).await;
                };
                tokio::join!(
                    exposition.serve(gateway.clone(), answers, stopping.clone(), drain_timeout),
                    grpc,
                    http_listener.serve(gateway, bounds.clone(), stopping.clone(), drain_timeout)
                );
            }
        });
        let (lame_duck, leaves) = (self.stop.lame_duck(), leaving.clone());
        let files = callers.followed.into_iter().chain(of_tls).chain(of_tenants).chain(level).collect();
        tokio::spawn(followed::follow(files, signals.hangups(), leaving.clone()));
        let screen = terminal.map(|terminal| (terminal, self.first_screen(addresses)));
        let life = Life { serve: self, store: store.clone(), health: health.clone(), leaving: leaves };
        let mut running = Running { service, store, health, leaving, stopping, servers, life: None };
        let signal = tokio::select! {
            opened = life.begin() => {
                opened?;
                begun.cancel();
                if let Some((terminal, screen)) = screen {
                    terminal.show(&screen);
                }
                running.life = Some(tokio::spawn(life.go_on()));
                signals.next().await
            }
            signal = signals.next() => signal,
        };
        tracing::info!(signal, "stopping: finishing what was accepted");
        tokio::select! {
            () = running.stop(lame_duck, drain_timeout) => tracing::info!("stopped"),
            signal = signals.next() => tracing::warn!(signal, "stopped at once, at a second signal"),
        }
        otlp.stop().await;
        Ok(ExitCode::SUCCESS)
    }

    /// What somebody at a terminal sees once the service is ready.
    fn first_screen(&self, addresses: Addresses) -> String {
        let screen = FirstScreen {
            database: target(&self.database),
            addresses,
            tls: self.tls.tls_cert.is_some(),
            access: !self.access.takes(Authn::None),
            sample: self.sample.then_some(sample::ID),
            colours: true,
        };
        screen.to_string()
    }

    /// What the settings grant, in bytes.
    fn memory(&self) -> [memory::Setting; 2] {
        [("--memory-budget", self.limits.memory_budget()), ("--session-cache", self.database.session_cache())]
    }

    /// Refuses settings that contradict each other, and to be open to everybody who reaches it, unless that is meant.
    fn check_access(&self) -> Result<(), Failure> {
        self.access.check()?;
        if self.access.takes(Authn::ClientCertificates) && self.tls.tls_client_ca.is_none() {
            return Err(
                "--authn client-certificates needs --tls-client-ca: without it, callers show none".into()
            );
        }
        let tls = self.tls.pair()?.is_none().then_some("--tls-cert and --tls-key");
        let authn = self.access.takes(Authn::None).then_some("--authn");
        let missing: Vec<_> = tls.into_iter().chain(authn).collect();
        let addresses = [&*self.grpc_addr.grpc_addr, &self.http_addr.http_addr];
        Ok(transport::check_reach(&addresses, &missing, self.tls.insecure)?)
    }

    fn service(&self, store: Arc<dyn Store>, budget: &Budget, access: Access, tenants: Tenants) -> Service {
        let watches =
            watch::Options { max_watches: self.limits.max_watches(), tenants_share: access.is_required() };
        let hub = Hub::new(store.clone(), watches);
        let options = grpc::Options {
            tenants,
            max_deadline: self.limits.request_timeout(),
            body_timeout: self.limits.body_timeout(),
            stream_idle_timeout: self.limits.stream_idle_timeout(),
            answer_timeout: self.limits.answer_timeout(),
            max_concurrent_calls: self.limits.max_concurrent_requests(),
            budget: budget.clone(),
            access,
            reflection: self.reflection.is_on(),
        };
        Service::new(store, hub, options)
    }
}

/// How long connections of gRPC wait to be accepted for the store to be opened. A client that knows the instances by their
/// addresses calls one as soon as it is connected: where it is about to serve, it had better wait for that than be
/// answered that it does not. Too short, and calls fail at a restart; too long, and whoever asks for the health of one
/// whose database is unavailable waits, and clients take it for one that hangs.
const START: Duration = Duration::from_secs(3);

/// Binds an address, and says which setting to fix if that is not possible.
pub(super) async fn bind(address: &str, flag: &str, protocol: Protocol) -> Result<Listener, Failure> {
    Listener::bind(address, protocol).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another address with {flag}").into()
    })
}

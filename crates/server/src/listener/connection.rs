//! One connection, from its first byte to its last.

use std::{convert::Infallible, error::Error, io::ErrorKind, net::SocketAddr, pin::pin, sync::Arc};

use axum::{Router, body::Body, extract::Request};
use budget::Connection;
use coalesce::{Calls, Coalesce};
use http::header::CONNECTION;
use hyper::service::Service;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{
    age::{Age, Lifetime},
    answer::{Answer, Answers},
    capacity::{Capacity, Room},
    ending::{self, FirstRequest},
    handshake::{self, Begun},
    heads::Heads,
    pace::Pace,
    peers::Peer,
    stalled::{Stalled, Written},
};
use crate::staged_close::Announced;

/// What each connection is served by.
pub(super) struct Each {
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) routes: Router,
    pub(super) tls: Option<tls::Server>,
    pub(super) age: Age,
    pub(super) answers: Answers,
    pub(super) capacity: Capacity,
    pub(super) heads: Heads,
    pub(super) stopping: CancellationToken,
}

impl Each {
    /// Serves one connection to its end, once there is room for it. It is asked to finish when the process stops, when
    /// there is no room for another one and this one is idle, or when it is too old.
    pub(super) fn serve(
        &self,
        (stream, address, peer): (TcpStream, SocketAddr, Peer),
        room: Option<Room>,
    ) -> impl Future<Output = ()> + Send + 'static {
        // Answers are small and awaited: none of them should wait for more to send with it.
        let _ = stream.set_nodelay(true);
        let from = telemetry::audit::Peer(address);
        let (builder, routes, tls) = (self.builder.clone(), self.routes.clone(), self.tls.clone());
        let (answers, capacity) = (self.answers.clone(), self.capacity.clone());
        let (heads, stopping) = (self.heads.clone(), self.stopping.clone());
        let (first, written) = (FirstRequest::default(), Written::default());
        let lifetime = Lifetime::new(self.age);
        async move {
            let room = match room {
                Some(room) => room,
                None => capacity.room().await,
            };
            let (room, calls) = (Arc::new(room), Calls::default());
            let (own, pace) = (Connection::default(), Pace::new(peer));
            let announced = Announced::default();
            let begun = tokio::select! {
                biased;
                begun = handshake::begin(tls.as_ref(), stream, announced.clone()) => begun,
                () = room.is_wanted() => return,
                () = first.or_time_for_it(&stopping) => return,
            };
            let Begun { stream, certificate } = match begun {
                Ok(begun) => begun,
                // As port scanners and health checks of balancers do.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return,
                Err(error) => {
                    telemetry::audit::refused_connection(address, &error);
                    return;
                }
            };
            let stream = Stalled::new(stream, answers.timeout, written.clone(), pace.clone());
            let stream = heads.within_limits(stream, room.clone());
            let stream = TokioIo::new(Coalesce::new(stream, calls.clone()));
            let service = TowerToHyperService::new(routes);
            let (kept, begun, all_calls) = (room.clone(), first.clone(), calls.clone());
            let life = lifetime.clone();
            let counted = service_fn(move |request: http::Request<Incoming>| {
                begun.set();
                let version = request.version();
                let mut request: Request = request.map(Body::new);
                request.extensions_mut().insert(own.until(life.begin(version)));
                request.extensions_mut().insert(from);
                if let Some(certificate) = &certificate {
                    request.extensions_mut().insert(certificate.clone());
                }
                let (call, answers, service) = (calls.begin(), answers.clone(), service.clone());
                let (announced, life) = (announced.clone(), life.clone());
                let is_of_change = !request.method().is_safe();
                let (paced, wait) = pace.begin();
                let busy = kept.busy(keeps_connection(request.uri().path()));
                async move {
                    let _under_way = call;
                    if let Some(wait) = wait {
                        tokio::time::sleep(wait).await;
                    }
                    let mut response = service.call(request).await?;
                    paced.answered();
                    life.announce(version, response.headers_mut());
                    if response.headers().get(CONNECTION).is_some_and(|value| value == "close") {
                        announced.set();
                    }
                    Ok::<_, Infallible>(Answer::of(response, is_of_change, &answers, busy))
                }
            });
            let mut connection = pin!(builder.serve_connection(stream, counted));
            let finish = async {
                tokio::select! { () = room.is_wanted() => {}, () = first.or_time_for_it(&stopping) => {} }
            };
            let is_over = tokio::select! {
                ended = connection.as_mut() => return log(ended),
                () = finish => false,
                () = lifetime.is_over() => true,
            };
            connection.as_mut().graceful_shutdown();
            if room.is_asked() && room.is_idle() {
                // What is left of them keeps no connection.
                lifetime.end_streams();
            }
            // From when on its peer has to take what is left.
            let last = async {
                tokio::select! {
                    () = std::future::ready(()), if room.is_asked() => {},
                    () = stopping.cancelled() => {},
                    () = lifetime.grace(), if is_over => {},
                }
            };
            // A stream that began just before the connection was asked to end is not cut for being silent.
            let is_busy = || {
                let is_kept = room.is_asked() && !room.is_idle() && !stopping.is_cancelled();
                is_kept || all_calls.are_under_way()
            };
            log(tokio::select! {
                ended = connection => ended,
                () = async { last.await; ending::stalled(&written, is_busy).await } => {
                    Err("its peer took nothing at its end".into())
                }
            });
        }
    }
}

/// Whether a call keeps its connection while others want room. Not one that needs no credentials and may last for as long as its
/// caller likes: all connections could be kept by that.
fn keeps_connection(path: &str) -> bool {
    !["/grpc.health.", "/grpc.reflection."].iter().any(|package| path.starts_with(package))
}

fn log(ended: Result<(), Box<dyn Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}

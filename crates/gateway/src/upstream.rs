//! The gRPC service that the gateway calls: in the same process, or at an address.

mod connection;
mod watch;

use std::{convert::Infallible, error::Error as _};

use axum::Router;
use budget::Counted;
use channel_session_api::v1::channel_session_service_client::ChannelSessionServiceClient;
use domain::{Error, Outcome};
use http::{Uri, request::Parts};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, body::Body, transport::Endpoint};
use tonic_health::pb::health_client::HealthClient;
use tower::{ServiceExt, util::BoxCloneSyncService};
use wire::log::{REQUEST_ID, TRACEPARENT};

use crate::{Gateway, problem::Problem};

pub(crate) use watch::Watch;

/// Its error has a type of its own, since the compiler cannot prove what tonic asks of a boxed one.
type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, connection::Lost>;
type Client = ChannelSessionServiceClient<Transport>;

/// The gRPC service that the gateway calls.
#[derive(Clone)]
pub struct Upstream {
    transport: Transport,
    /// Where watches connect to; none within a process, where nothing is shared that one could take from another.
    watches: Option<Endpoint>,
    origin: Uri,
    stopping: CancellationToken,
}

impl Upstream {
    /// A service in this process: called as over the network, layers and all, but without one.
    #[must_use]
    pub fn in_process(routes: Router) -> Self {
        let transport = routes
            .map_request(|request: http::Request<Body>| request.map(axum::body::Body::new))
            .map_response(|response: http::Response<axum::body::Body>| response.map(Body::new))
            .map_err(|never: Infallible| match never {});
        let origin = Uri::from_static("http://in-process");
        let stopping = CancellationToken::new();
        Self { transport: BoxCloneSyncService::new(transport), watches: None, origin, stopping }
    }

    /// A service at an address such as `http://127.0.0.1:50051`. Connects when first called, and again when the
    /// connection is lost.
    #[must_use]
    pub fn at(address: Uri) -> Self {
        let stopping = CancellationToken::new();
        let (calls, watches) = (connection::for_calls(&address), connection::for_watch(&address));
        let transport = connection::connect(&calls);
        Self { transport, watches: Some(watches), origin: address, stopping }
    }

    /// Ends event streams when this process stops, which they would otherwise hold up: they have no end of their own. A
    /// service in the same process does so itself.
    #[must_use]
    pub fn until(self, stopping: CancellationToken) -> Self {
        Self { stopping, ..self }
    }

    /// Whether the service is in this process, and has the same budget.
    pub(crate) fn is_in_process(&self) -> bool {
        self.watches.is_none()
    }

    pub(crate) fn health(&self) -> HealthClient<Transport> {
        HealthClient::with_origin(self.transport.clone(), self.origin.clone())
    }

    fn sessions(&self) -> Client {
        self.client(self.transport.clone())
    }

    /// A client for one watch. Over the network it has a connection of its own: on a shared one, watches whose callers do
    /// not read would take all of its window, and many of them all of its streams, from calls and from each other.
    fn watch(&self) -> Client {
        self.client(self.watches.as_ref().map_or_else(|| self.transport.clone(), connection::connect))
    }

    fn client(&self, transport: Transport) -> Client {
        // The service bounds what it stores; what it returns is never larger than that asks for.
        Client::with_origin(transport, self.origin.clone()).max_decoding_message_size(usize::MAX)
    }
}

impl Gateway {
    /// Makes one call, under the request's id and trace.
    pub(crate) async fn call<Q, A, F>(
        &self,
        parts: &Parts,
        effect: Effect,
        request: Q,
        call: impl FnOnce(Client, Request<Q>) -> F,
    ) -> Result<A, Problem>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        self.call_counted(parts, effect, request, call).await.map(|(answer, _)| answer)
    }

    /// The same, with what the answer takes of the memory, where the service is in this process and has counted it.
    pub(crate) async fn call_counted<Q, A, F>(
        &self,
        parts: &Parts,
        effect: Effect,
        request: Q,
        call: impl FnOnce(Client, Request<Q>) -> F,
    ) -> Result<(A, Option<Counted>), Problem>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let answer = self.try_call(parts, effect, request, call).await;
        let mut answer = answer.map_err(|problem| problem.for_caller(&parts.headers))?;
        let counted = answer.extensions_mut().remove::<Counted>();
        Ok((answer.into_inner(), counted))
    }

    async fn try_call<Q, A, F>(
        &self,
        parts: &Parts,
        effect: Effect,
        request: Q,
        call: impl FnOnce(Client, Request<Q>) -> F,
    ) -> Result<Response<A>, Problem>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let request = under(parts, request);
        let _place = self.places.try_acquire().map_err(|_| Problem::from(&Error::Overloaded))?;
        match tokio::time::timeout(self.options.call_timeout, call(self.upstream.sessions(), request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(status)) if effect == Effect::Read || never_began(&status) => {
                Err(Problem::from(&status).without_outcome())
            }
            Ok(Err(status)) => Err(Problem::from(&status)),
            Err(_) => Err(Problem::from(&Error::DeadlineExceeded(match effect {
                Effect::Read => Outcome::NotApplied,
                Effect::Write => Outcome::Unknown,
            }))),
        }
    }
}

/// A call under the id and the trace of a request.
fn under<Q>(parts: &Parts, request: Q) -> Request<Q> {
    let mut request = Request::new(request);
    for name in [REQUEST_ID, TRACEPARENT] {
        let value = parts.headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(value) = value {
            request.metadata_mut().insert(name, value);
        }
    }
    request
}

/// What a call may leave behind when nothing is heard of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Read,
    /// A change, perhaps.
    Write,
}

impl Effect {
    /// That of a change which may be asked to be no more than checked.
    pub(crate) fn of(validate_only: bool) -> Self {
        if validate_only { Self::Read } else { Self::Write }
    }
}

/// Whether a call failed before the service did anything for it.
fn never_began(status: &Status) -> bool {
    let lost = status.source().and_then(|cause| cause.downcast_ref::<connection::Lost>());
    lost.is_some_and(|lost| !lost.may_be_known())
}

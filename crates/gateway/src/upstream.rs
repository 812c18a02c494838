//! The gRPC service that the gateway calls: in the same process, or at an address.

use std::{convert::Infallible, error::Error as _, io, time::Duration};

use axum::Router;
use channel_session_api::v1::channel_session_service_client::ChannelSessionServiceClient;
use domain::{Error, Outcome};
use grpc::log::{REQUEST_ID, TRACEPARENT};
use http::{Uri, request::Parts};
use tonic::{ConnectError, Request, Response, Status, body::Body, transport::Endpoint};
use tonic_health::pb::health_client::HealthClient;
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::{Gateway, problem::Problem};

/// Its error has a type of its own, since the compiler cannot prove what tonic asks of a boxed one.
type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, io::Error>;
type Client = ChannelSessionServiceClient<Transport>;

/// The gRPC service that the gateway calls.
#[derive(Clone)]
pub struct Upstream {
    transport: Transport,
    origin: Uri,
}

impl Upstream {
    /// A service in this process: called as over the network, layers and all, but without one.
    #[must_use]
    pub fn in_process(routes: Router) -> Self {
        let transport = routes
            .map_request(|request: http::Request<Body>| request.map(axum::body::Body::new))
            .map_response(|response: http::Response<axum::body::Body>| response.map(Body::new))
            .map_err(|never: Infallible| match never {});
        Self { transport: BoxCloneSyncService::new(transport), origin: Uri::from_static("http://in-process") }
    }

    /// A service at an address such as `http://127.0.0.1:50051`. Connects when first called, and again when the
    /// connection is lost.
    #[must_use]
    pub fn at(address: Uri) -> Self {
        let channel = Endpoint::from(address.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            // A peer that is gone without a word is noticed by the pings.
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_while_idle(true)
            .connect_lazy();
        Self { transport: BoxCloneSyncService::new(channel.map_err(io::Error::other)), origin: address }
    }

    pub(crate) fn health(&self) -> HealthClient<Transport> {
        HealthClient::with_origin(self.transport.clone(), self.origin.clone())
    }

    fn sessions(&self) -> Client {
        // The service bounds what it stores; what it returns is never larger than that asks for.
        Client::with_origin(self.transport.clone(), self.origin.clone()).max_decoding_message_size(usize::MAX)
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);

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
        let mut request = Request::new(request);
        for name in [REQUEST_ID, TRACEPARENT] {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
            if let Some(value) = value {
                request.metadata_mut().insert(name, value);
            }
        }
        let _place = self.places.try_acquire().map_err(|_| Problem::from(&Error::Overloaded))?;
        match tokio::time::timeout(self.options.call_timeout, call(self.upstream.sessions(), request)).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) if effect == Effect::Read || was_never_sent(&status) => {
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

/// What a call may leave behind when nothing is heard of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Read,
    /// A change, perhaps.
    Write,
}

/// Whether a call failed because there was no connection to send it on.
fn was_never_sent(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<ConnectError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

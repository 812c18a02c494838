//! The gRPC service that the gateway calls: in the same process, or at an address.

mod call;
mod connection;
mod frames;
mod message;
mod readiness;
mod watch;

use std::convert::Infallible;

use axum::Router;
use channel_session_api::v1::channel_session_service_client::ChannelSessionServiceClient;
use http::Uri;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic_health::pb::health_client::HealthClient;
use tower::{ServiceExt, util::BoxCloneSyncService};

pub(crate) use call::{Call, Effect};
use connection::Connector;
pub use readiness::Readiness;

/// Its error has a type of its own, since the compiler cannot prove what tonic asks of a boxed one.
type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, connection::Lost>;
type Client = ChannelSessionServiceClient<Transport>;

/// The gRPC service that the gateway calls.
#[derive(Clone)]
pub struct Upstream {
    transport: Transport,
    /// Where watches connect to; none within a process, where nothing is shared that one could take from another.
    watches: Option<Connector>,
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

    /// A service at an address such as `http://127.0.0.1:50051`, over TLS if there is some. Connects when first called, and
    /// again when the connection is lost.
    #[must_use]
    pub fn at(address: Uri, tls: Option<tls::Client>) -> Self {
        let stopping = CancellationToken::new();
        let watches = Connector::for_watch(&address, tls.clone());
        let transport = Connector::for_calls(&address, tls).connect();
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

    fn health(&self) -> HealthClient<Transport> {
        HealthClient::with_origin(self.transport.clone(), self.origin.clone())
    }

    fn sessions(&self) -> Client {
        // The service bounds what it stores; what it returns is never larger than that asks for.
        let client = Client::with_origin(self.transport.clone(), self.origin.clone());
        client.max_decoding_message_size(usize::MAX)
    }

    /// What one watch goes by. Over the network it has a connection of its own: on a shared one, watches whose callers do not
    /// read would take all of its window, and many of them all of its streams, from calls and from each other.
    fn watch(&self) -> Transport {
        self.watches.as_ref().map_or_else(|| self.transport.clone(), Connector::connect)
    }
}

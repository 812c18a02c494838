//! Watches over the network.

use std::net::SocketAddr;

use channel_session_api::v1::{ChannelSessionEvent, WatchChannelSessionsResponse};
use http_body_util::BodyExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::watch};

use super::*;

/// A service at an address.
struct Service {
    address: SocketAddr,
    /// How many connections it has.
    connections: watch::Receiver<usize>,
}

impl Service {
    async fn start(fake: &Fake) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (count, connections) = watch::channel(0);
        let routes = fake.routes();
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                stream.set_nodelay(true).expect("it is open");
                let (routes, count) = (TowerToHyperService::new(routes.clone()), count.clone());
                count.send_modify(|count| *count += 1);
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), routes).await;
                    count.send_modify(|count| *count -= 1);
                });
            }
        });
        Self { address, connections }
    }

    fn upstream(&self) -> Upstream {
        Upstream::at(format!("http://{}", self.address).parse().expect("an address"), None)
    }
}

/// As many watches as one connection would not have streams for, and each with more to send than one would have room
/// for.
#[tokio::test]
async fn watches_that_nobody_reads_take_nothing_from_calls_and_from_each_other() {
    const WATCHES: usize = 300;
    let large = format!("\"{}\"", "x".repeat(100 * 1024));
    let event = ChannelSessionEvent { name: 2, json: large, ..Default::default() };
    let checkpoint = WatchChannelSessionsResponse { event: None, position: "p".to_owned() };
    let change = WatchChannelSessionsResponse { event: Some(event), ..checkpoint.clone() };
    let fake = Fake { watch: vec![Ok(checkpoint), Ok(change.clone()), Ok(change)], ..Fake::with_revision(1) };
    let mut service = Service::start(&fake).await;
    // Whoever runs this may have more to do, and a watch that waits for another one waits for ever.
    let call_timeout = Duration::from_secs(60);
    let options = Options { max_event_streams: WATCHES + 1, call_timeout, ..options() };
    let routes = routes(service.upstream(), options, CancellationToken::new());
    let mut bodies = Vec::new();
    for at in 0..WATCHES {
        let (status, _, body) = open(&routes, "GET /events").await;
        assert_eq!(status, 200, "watch {at}");
        bodies.push(body);
    }
    assert_eq!(open(&routes, "GET /channel-sessions/x").await.0, 200);
    let (status, _, mut body) = open(&routes, "GET /events").await;
    assert_eq!(status, 200);
    for _ in 0..3 {
        body.frame().await.expect("the body goes on").expect("no error");
    }
    // Who goes takes the connection along; that of calls stays.
    drop((body, bodies));
    service.connections.wait_for(|&count| count == 1).await.expect("the service goes on");
    assert_eq!(open(&routes, "GET /channel-sessions/x").await.0, 200);
}

//! What callers see while the store or the service is unavailable, and that callers who keep it waiting cost others nothing.

use http::Method;
use store_testkit::postgres::{Cluster, Options};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::{Front, Service, Store, service::channel, timeout::until};

const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_crashes_is_reported_and_found_again() {
    let cluster = Cluster::start(Options::default()).await;
    let service = Service::on(&cluster.url("postgres"), &[]);
    let rest = service.rest();
    let mut health = HealthClient::new(channel(service.server.address("grpc")).await);
    let mut is_serving = async || {
        let service = "channelsession.v1.ChannelSessionService".to_owned();
        health.check(HealthCheckRequest { service }).await.unwrap().into_inner().status == 1
    };
    let id = "64e2f08a6155b317cd3f88fd";
    until("the way to readiness", async || rest.is_ready().await).await;
    assert!(is_serving().await);
    assert_eq!(rest.update(id, ONE).await.revision(), 2);

    cluster.crash();
    let answer = rest.update(id, ONE).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (503, "STORE_UNAVAILABLE"), "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"));
    until("the end of readiness", async || !rest.is_ready().await).await;
    assert!(!is_serving().await);
    assert_eq!(rest.send(Method::GET, "/healthz", "", &[]).await.status, 200);

    cluster.restart().await;
    until("the way to readiness", async || rest.is_ready().await).await;
    assert!(is_serving().await);
    // What was acknowledged before the crash is there.
    assert_eq!(rest.get(id).await.revision(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_alone_reports_a_service_that_is_away() {
    let mut service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let rest = service.rest();
    assert_eq!(rest.send(Method::GET, "/readyz", "", &[]).await.status, 200);
    service.kill_server();
    for answer in
        [rest.update("x", ONE).await, rest.get("x").await, rest.send(Method::GET, "/readyz", "", &[]).await]
    {
        assert_eq!(
            (answer.status.as_u16(), &*answer.failure().reason),
            (503, "STORE_UNAVAILABLE"),
            "{answer:?}"
        );
    }
    assert_eq!(rest.send(Method::GET, "/healthz", "", &[]).await.status, 200);
    // By now there is no connection to send anything on, and a read changes nothing in any case.
    assert!(!rest.update("x", ONE).await.failure().outcome_unknown);
    assert!(!rest.get("x").await.failure().outcome_unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_hang_up_cost_a_gateways_other_callers_nothing() {
    let service = Service::with(Store::Postgres, Front::Alone, &[]).await;
    service.create("x", "{}").await;
    let rest = service.rest();
    let request = format!(
        "PUT /forms/64e2f08a6155b317cd3f88fd HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{ONE}",
        ONE.len()
    );
    for round in 0..20 {
        // Each of these resets a stream of the one connection that the gateway has.
        let callers: Vec<_> =
            (0..60).map(|_| std::net::TcpStream::connect(rest.address()).unwrap()).collect();
        for mut caller in callers {
            std::io::Write::write_all(&mut caller, request.as_bytes()).unwrap();
        }
        let body = ONE.replace('1', &round.to_string());
        let answer = rest.update("x", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_do_not_arrive_keep_nobody_waiting() {
    let service = Service::with(Store::Sqlite, Front::Combined, &["--max-concurrent-requests", "2"]).await;
    let rest = service.rest();
    let stalled: Vec<_> = (0..20)
        .map(|_| {
            let mut caller = std::net::TcpStream::connect(rest.address()).unwrap();
            let head = "PUT /forms/x HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n[";
            std::io::Write::write_all(&mut caller, head.as_bytes()).unwrap();
            caller
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", "[]").await.status, 200);
    }
    drop(stalled);
}

//! A process that is asked to stop finishes what it accepted.

use crate::support::{Front, Lock, Rest, Service, Store};

const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_finishes_what_was_accepted() {
    let mut service = Service::with(Store::Postgres, Front::Alone, &[]).await;
    service.create("x", "{}").await;
    service.create("y", "{}").await;
    let mut lock = Lock::take(&service.database_url(), &["x", "y"]).await;
    let combined = Rest::new(service.server.address("http"));
    let in_process = tokio::spawn(async move { combined.update("x", ONE).await });
    lock.is_waited_for_by(1).await;
    let over_gateway = service.rest();
    let over_gateway = tokio::spawn(async move { over_gateway.update("y", ONE).await });
    lock.is_waited_for_by(2).await;

    service.server.ask_to_stop();
    // No new connection is taken any more, and the calls that are under way are still waited for.
    let address = service.server.address("http");
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    lock.release().await;
    for call in [in_process, over_gateway] {
        let answer = call.await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert!(service.stop_server().success());
    let again = service.another(&[]);
    for id in ["x", "y"] {
        assert_eq!(Rest::new(again.address("http")).get(id).await.revision(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_process_stops_at_once_with_open_connections() {
    let mut service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let _grpc = service.grpc().await;
    assert_eq!(service.rest().update("64e2f08a6155b317cd3f88fd", "[]").await.status, 200);
    let mut gateway = service.gateway.take().unwrap();
    gateway.ask_to_stop();
    assert!(gateway.wait().success());
    service.server.ask_to_stop();
    assert!(service.stop_server().success());
}

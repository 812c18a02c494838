//! Connections to PostgreSQL that go silent: what waits for them is given up, and all goes on over new ones.

use std::time::Duration;

use http::Method;
use store_testkit::postgres::{Cluster, Options};

use crate::{
    crashes::load::{FLAGS, Load, ids},
    support::{
        Answered, Service, Watch,
        caller::{Caller, set},
        service::connect,
        silence::Silence,
        timeout::{until, within},
        watch::everything,
    },
};

/// So that the test does not wait for the default of 5 s.
const TIMEOUT: [&str; 4] = ["--database-timeout", "1s", "--max-attributes", "2"];

/// In which every session can be written again.
const RECOVERY: Duration = Duration::from_secs(20);

/// How many updates are acknowledged between two silences at least.
const PROGRESS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_everything_is_written_again_and_nothing_is_lost() {
    assert_eq!(FLAGS, TIMEOUT[2..]);
    let cluster = Cluster::start(Options::default()).await;
    let (direct, silence) = before(&cluster).await;
    let service = Service::on(&silence.url(&direct), &TIMEOUT);
    let grpc = service.grpc().await;
    let load = Load::begin(&service).await;
    let mut watch = Watch::start(&grpc, everything("")).await;
    for _ in 0..3 {
        load.goes_on(PROGRESS).await;
        silence.fall();
        let again = async {
            for id in ids() {
                let caller = Caller::Grpc(grpc.clone());
                until("a session that can be written", async || {
                    matches!(caller.ask(&set(&id, "n", "Number", 0)).await, Some(Ok(_)))
                })
                .await;
            }
        };
        tokio::time::timeout(RECOVERY, again).await.expect("every session can be written again");
        until("the way to readiness", async || service.rest().is_ready().await).await;
    }
    load.goes_on(PROGRESS).await;
    let ledger = load.end().await;
    // Whoever waited for a connection that went silent was answered so.
    assert!(ledger.count(|answered| matches!(answered, Answered::OutcomeUnknown(_))) > 0, "{ledger}");
    ledger.is_kept_beside(&connect(service.another(&[]).address("grpc")).await, &ids(), Some(0)).await;
    watch_goes_on(&mut watch, &service, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_load_watches_go_on() {
    let cluster = Cluster::start(Options::default()).await;
    let (direct, silence) = before(&cluster).await;
    let service = Service::on(&silence.url(&direct), &TIMEOUT);
    service.create("x", "{}").await;
    let mut watch = Watch::start(&service.grpc().await, everything("")).await;
    silence.fall();
    watch_goes_on(&mut watch, &service, "after").await;
    // And new ones begin.
    let mut another = Watch::start(&service.grpc().await, everything(&watch.position)).await;
    watch_goes_on(&mut another, &service, "later").await;
}

/// An idle connection that nobody has used for a while, and a database that says nothing at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_follows_a_database_that_says_nothing() {
    let cluster = Cluster::start(Options::default()).await;
    let (direct, silence) = before(&cluster).await;
    let service = Service::on(&silence.url(&direct), &TIMEOUT);
    let rest = service.rest();
    until("the way to readiness", async || rest.is_ready().await).await;
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    silence.point_to(mute.local_addr().unwrap());
    silence.fall();
    until("the end of readiness", async || !rest.is_ready().await).await;
    assert_eq!(rest.send(Method::GET, "/healthz", "", &[]).await.status, 200);
    // Nobody waits to find out what is known: a hundred would take minutes.
    within("a hundred refusals", async {
        for at in 0..100 {
            let answer = rest.create(format!(r#"{{"id":"{at}"}}"#)).await;
            assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (503, "STORE_UNAVAILABLE"));
            assert!(
                !answer.failure().outcome_unknown && answer.headers.contains_key("retry-after"),
                "{answer:?}"
            );
        }
    })
    .await;
    silence.point_to(address(&direct));
    until("the way to readiness", async || rest.is_ready().await).await;
}

/// A change that is made after a silence is delivered.
async fn watch_goes_on(watch: &mut Watch, service: &Service, id: &str) {
    let rest = service.rest();
    until("a session that can be stored", async || {
        matches!(rest.create(format!(r#"{{"id":"{id}"}}"#)).await.status.as_u16(), 201 | 409)
    })
    .await;
    within("the event", async { while watch.next().await.channel_session_id != id {} }).await;
}

/// A database's URL, and a proxy before it.
async fn before(cluster: &Cluster) -> (String, Silence) {
    let url = cluster.url("postgres");
    let silence = Silence::before(address(&url)).await;
    (url, silence)
}

fn address(url: &str) -> std::net::SocketAddr {
    let url = url::Url::parse(url).unwrap();
    let port = url.port().unwrap_or(5432);
    url.socket_addrs(|| Some(port)).unwrap()[0]
}

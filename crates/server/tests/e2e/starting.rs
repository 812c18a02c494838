//! A process whose database is unavailable at the start: it says so from the first moment on, and serves once it is there.

use std::{
    net::{SocketAddr, TcpListener},
    process::Stdio,
    time::{Duration, Instant},
};

use http::Method;
use sqlx::{Connection, PgConnection};
use store_testkit::postgres::{self, Cluster, Options};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::{
    Front, Rest, Service, Store,
    caller::set,
    process::Process,
    service,
    silence::Silence,
    timeout::{until, within},
};

const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

/// What a stop at the start takes at most: far less than the limits of draining, and more than a busy machine needs.
const AT_ONCE: Duration = Duration::from_secs(5);

fn serve(database_url: &str) -> Process {
    let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let args = [&["serve", "--sample", "--database-url", database_url], &addresses[..]].concat();
    Process::start_without_store(&args)
}

/// A listener that takes connections and never answers.
fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A service that waits for its database says so to everybody who asks, and stops when it is asked to.
async fn waits_and_stops(mut process: Process, database: &str, signal: &str) {
    let rest = Rest::new(process.address("http"));
    assert_eq!(rest.send(Method::GET, "/healthz", "", &[]).await.status, 200);
    let line = process.says("waiting for the database");
    assert!(line["database"].as_str().unwrap().contains(database), "{line}");
    assert!(!format!("{:?}", process.log()).contains("hunter2"));

    let answer = rest.send(Method::GET, "/readyz", "", &[]).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("waiting for the database") && answer.body.contains(database), "{answer:?}");
    let answer = rest.update("x", ONE).await;
    let failure = answer.failure();
    assert_eq!((answer.status.as_u16(), &*failure.reason), (503, "STORE_UNAVAILABLE"), "{answer:?}");
    assert!(!failure.outcome_unknown && answer.headers.contains_key("retry-after"), "{answer:?}");
    let mut health = HealthClient::new(service::channel(process.address("grpc")).await);
    let received = health.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(received.get_ref().status, 2);
    assert!(received.metadata().get("x-not-ready").unwrap().to_str().unwrap().contains(database));

    let since = Instant::now();
    process.signal(signal);
    assert!(process.wait().success());
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_never_answers_is_waited_for() {
    for signal in ["TERM", "INT"] {
        let (_listener, address) = silent();
        let process = serve(&format!("postgres://me:hunter2@{address}/sessions"));
        waits_and_stops(process, &format!("{address}/sessions"), signal).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_refuses_is_waited_for() {
    let (listener, address) = silent();
    drop(listener);
    let process = serve(&format!("postgres://me:hunter2@{address}/sessions"));
    waits_and_stops(process, &format!("{address}/sessions"), "TERM").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_migrations_are_locked_is_waited_for() {
    let database = postgres::database().await;
    let migrated = Process::command(&["migrate", "--database-url", database.url()]).output().unwrap();
    assert!(migrated.status.success());
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let mut lock = connection.begin().await.unwrap();
    sqlx::query("LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    let name = database.url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    waits_and_stops(serve(database.url()), &name, "TERM").await;

    // A command that ends by itself hears of a stop too. What the database does for the one before goes on waiting.
    let watching = tokio::sync::Mutex::new(PgConnection::connect(database.url()).await.unwrap());
    let waiting = async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *watching.lock().await).await.unwrap()
    };
    let before = waiting().await;
    let mut process = Process::command(&["migrate", "--database-url", database.url()]);
    let mut child = process.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until("a migration that waits for the lock", async || waiting().await > before).await;
    let since = Instant::now();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert!(!child.wait().unwrap().success());
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
    lock.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_comes_is_served_soon() {
    let cluster = Cluster::start(Options::default()).await;
    cluster.crash();
    let process = serve(&cluster.url("postgres"));
    let rest = Rest::new(process.address("http"));
    process.says("waiting for the database");
    assert!(!rest.is_ready().await);
    cluster.restart().await;
    let since = Instant::now();
    until("the way to readiness", async || rest.is_ready().await).await;
    // Some attempt, and the tables that it makes.
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", ONE).await.revision(), 2);
    process.says("the database answers");
}

/// A client that knows the address, and connects as soon as it can, as clients do at a restart: it is not answered that
/// the service is not ready when it is about to be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_while_a_process_starts_is_answered_when_it_has() {
    let first = Service::start(Store::Postgres).await;
    // An address that the next process will have.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let calling = tokio::spawn(async move {
        let mut client = service::connect_lazily(address);
        within("an answer", async {
            loop {
                let update = set("64e2f08a6155b317cd3f88fd", "k", "Number", "1");
                match client.update_data(update).await {
                    Ok(made) => return Ok(made),
                    // Nobody listens there yet.
                    Err(status) if status.details().is_empty() => tokio::task::yield_now().await,
                    Err(status) => return Err(status),
                }
            }
        })
        .await
    });
    let (url, grpc) = (first.database_url(), address.to_string());
    let addresses = ["--grpc-addr", &grpc, "--http-addr", "127.0.0.1:0"];
    let _process = Process::start(&[&["serve", "--database-url", &url], &addresses[..]].concat());
    calling.await.unwrap().unwrap();
}

/// What takes connections and says nothing, as a proxy whose database is unavailable, holds up nobody once there is
/// one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_comes_behind_one_that_never_answers_is_served_soon() {
    let (_listener, nobody) = silent();
    let database = postgres::database().await;
    let url = url::Url::parse(database.url()).unwrap();
    let address = (url.host_str().unwrap(), url.port().unwrap_or(5432));
    let address = tokio::net::lookup_host(address).await.unwrap().next().unwrap();
    let silence = Silence::before(nobody).await;
    let mut url = url::Url::parse(&silence.url(database.url())).unwrap();
    // Longer than this is waited for: whoever waits for the end of an attempt sees nothing of the database.
    url.query_pairs_mut().append_pair("connect_timeout", "600");
    let process = serve(url.as_str());
    let rest = Rest::new(process.address("http"));
    process.says("waiting for the database");
    assert!(!rest.is_ready().await);
    silence.point_to(address);
    until("the way to readiness", async || rest.is_ready().await).await;
    assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", ONE).await.revision(), 2);
}

/// What does not go away by itself ends the process, at once and with what to change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_has_to_change_ends_the_start() {
    let database = postgres::database().await;
    let missing = format!("{}_missing", database.url().split('?').next().unwrap());
    let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let args = [&["serve", "--database-url", &missing], &addresses[..]].concat();
    let ended = Process::command(&args).output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(String::from_utf8(ended.stderr).unwrap().contains("does not exist"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_line_says_how_a_process_runs() {
    let service = Service::with(Store::Postgres, Front::Alone, &[]).await;
    let line = service.server.says("listening");
    let database = service.database_url();
    let place = database.rsplit('@').next().unwrap().split('?').next().unwrap();
    for (member, expected) in
        [("version", env!("CARGO_PKG_VERSION")), ("database", place), ("authn", "none"), ("tls", "off")]
    {
        assert_eq!(line[member], expected, "{line}");
    }
    let gateway = service.gateway.as_ref().unwrap().says("listening");
    assert_eq!(gateway["upstream"], line["grpc"], "{gateway}");
    // Nothing that is for somebody at a terminal.
    for process in [&service.server, service.gateway.as_ref().unwrap()] {
        assert!(process.log().iter().all(serde_json::Value::is_object), "{:?}", process.log());
    }
    assert_eq!((&gateway["version"], &gateway["tls"]), (&line["version"], &line["tls"]));
}

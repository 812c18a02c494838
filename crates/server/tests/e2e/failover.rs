//! The database behind a name moves: what was a primary takes no writes any more, and another server does.

use sqlx::{Connection, PgConnection};
use store_testkit::postgres::{Cluster, Options};
use url::Url;

use http::Method;

use crate::support::{Rest, Service, process::Process, rest::JSON, silence::Silence, timeout::until};

/// What a primary does that becomes a standby: connections stay, and writes on them are refused.
async fn takes_no_writes(cluster: &Cluster) {
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
    for statement in ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }
}

fn authority(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

fn migrate(url: &str) {
    let migrated = Process::command(&["migrate", "--database-url", url]).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_follow_a_name_that_moves() {
    let (old, new) = (Cluster::start(Options::default()).await, Cluster::start(Options::default()).await);
    let (old_url, new_url) = (old.url("postgres"), new.url("postgres"));
    migrate(&new_url);
    let name = Silence::before(authority(&old_url).parse().unwrap()).await;
    let service = Service::on(&name.url(&old_url), &[]);
    let rest = service.rest();
    assert_eq!(rest.create(r#"{"id":"before"}"#).await.status, 201);
    takes_no_writes(&old).await;
    is_refused(&rest).await;

    name.point_to(authority(&new_url).parse().unwrap());
    // Connections that were open to the old one are not used any more, however many there were.
    until("writes at the new one", async || {
        rest.create(format!(r#"{{"id":"after-{}"}}"#, name.connections())).await.status == 201
    })
    .await;
    for at in 0..50 {
        assert_eq!(rest.create(format!(r#"{{"id":"new-{at}"}}"#)).await.status, 201, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_hosts_the_one_that_takes_writes_is_used() {
    let (reads, writes) =
        (Cluster::start(Options::default()).await, Cluster::start(Options::default()).await);
    let (reads_url, writes_url) = (reads.url("postgres"), writes.url("postgres"));
    migrate(&reads_url);
    takes_no_writes(&reads).await;
    let hosts = format!("{},{}", authority(&reads_url), authority(&writes_url));
    let url = writes_url.replacen(&authority(&writes_url), &hosts, 1);
    let service = Service::on(&format!("{url}?target_session_attrs=read-write&connect_timeout=3"), &[]);
    assert_eq!(service.rest().create(r#"{"id":"x"}"#).await.status, 201);
    // None of them does now.
    takes_no_writes(&writes).await;
    is_refused(&service.rest()).await;
}

/// The database's processes heed their settings in their own time; from then on, writes are refused, and not made.
async fn is_refused(rest: &Rest) {
    let count = std::cell::Cell::new(0);
    until("refused writes", async || {
        // Another document each time: where nothing changes, nothing is written.
        count.set(count.get() + 1);
        let document = format!(r#"{{"a":{}}}"#, count.get());
        let answer = rest.send(Method::PUT, "/channel-sessions/between", document, &JSON).await;
        if answer.status.is_success() {
            return false;
        }
        assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (503, "STORE_UNAVAILABLE"));
        assert!(!answer.failure().outcome_unknown);
        true
    })
    .await;
}

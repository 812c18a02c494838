//! Callers that give up, at every moment of a call, never cost another caller an acknowledged update.

mod under_load;

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use axum::{Router, body::Body};
use gateway::Upstream;
use http::Request;
use sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use store_postgres::Store as Postgres;
use store_testkit::postgres;
use tenants::{Limits, Tenants};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tower::ServiceExt;

use crate::support::{Failure, Front, Lock, Rest, Service, Store, json, on_both_stores, raw, timeout::until};

/// One connection, so that whatever a caller leaves on it is met by the next one.
const ONE_CONNECTION: [&str; 2] = ["--database-max-connections", "1"];

/// After how many polls a caller gives up, at most; a call takes fewer.
const POLLS: usize = 30;

/// How often callers give up after each number of polls.
const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_number_of_polls_the_next_update_is_kept() {
    let database = database_with_session().await;
    let options = store_postgres::Options { max_connections: 1, ..Default::default() };
    let store = Postgres::open(database.url(), &options).await.unwrap();
    let store = std::sync::Arc::new(store);
    let hub = watch::Hub::new(store.clone(), watch::Options::default());
    let options = grpc::Options {
        tenants: Tenants::all(Limits { max_attributes: 10_000, ..Limits::default() }),
        ..Default::default()
    };
    let service = grpc::Service::new(store, hub, options);
    let health = grpc::Health::default();
    let routes = gateway::routes(
        Upstream::in_process(grpc::routes(service, &health)),
        gateway::Options {
            access: access::Access::anybody(),
            body_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(10),
            max_concurrent_requests: 100,
            max_event_streams: 1,
            budget: budget::Budget::default(),
            browsers: gateway::Browsers::default(),
        },
        CancellationToken::new(),
    );
    let put = |key| put(routes.clone(), key);
    for round in 0..ROUNDS {
        assert_eq!(lost_updates(database.url(), round, &put, &put).await, Vec::<String>::new());
    }
}

/// The same callers of a handler as one would write it without a thought. That it loses updates shows that the test
/// above looks in the right place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_naive_handler_is_found_out() {
    let database = database_with_session().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(database.url()).await.unwrap();
    let in_transaction = |key: String| {
        let pool: PgPool = pool.clone();
        async move {
            #[allow(clippy::disallowed_methods, reason = "this is the mistake that the test has to notice")]
            let mut transaction = pool.begin().await.unwrap();
            sqlx::query(NAIVE).bind(key).execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
        }
    };
    let in_one_statement = |key: String| {
        let pool: PgPool = pool.clone();
        async move {
            sqlx::query(NAIVE).bind(key).execute(&pool).await.unwrap();
        }
    };
    // Whether BEGIN is under way at a certain poll depends on how fast the database answers, so one round can miss it.
    for round in 0..ROUNDS {
        if !lost_updates(database.url(), round, &in_transaction, &in_one_statement).await.is_empty() {
            return;
        }
    }
    panic!("no update was lost in {ROUNDS} rounds");
}

const NAIVE: &str =
    "UPDATE channel_session SET document = jsonb_set(document, '{channelData,additionalAttributes}',
    (document #> '{channelData,additionalAttributes}') || jsonb_build_array(jsonb_build_object('key', $1)))";

async fn database_with_session() -> postgres::Database {
    let database = postgres::database().await;
    store_postgres::migrate(database.url()).await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let insert = r#"INSERT INTO channel_session VALUES ('default', 'x', 1, '{"channelData":{"additionalAttributes":[]}}')"#;
    sqlx::raw_sql(insert).execute(&mut connection).await.unwrap();
    database
}

/// Has one caller give up after each number of polls, and another one make an update behind it. Returns the keys of
/// the latter that are not in the database although they were acknowledged.
async fn lost_updates<A: Future<Output = ()>, B: Future<Output = ()>>(
    database_url: &str,
    round: usize,
    give_up: &impl Fn(String) -> A,
    finish: &impl Fn(String) -> B,
) -> Vec<String> {
    let mut connection = PgConnection::connect(database_url).await.unwrap();
    let mut lost = Vec::new();
    for polls in 0..POLLS {
        after(polls, give_up(format!("given-up-{round}-{polls}"))).await;
        let key = format!("finished-{round}-{polls}");
        finish(key.clone()).await;
        let document: String = sqlx::query_scalar("SELECT document::text FROM channel_session")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        if !document.contains(&format!("\"{key}\"")) {
            lost.push(key);
        }
    }
    lost
}

/// Polls a future as often as said, and drops it.
async fn after(polls: usize, future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            Poll::Pending | Poll::Ready(()) => Poll::Ready(()),
        }
    })
    .await;
}

async fn put(routes: Router, key: String) {
    let body = format!(r#"[{{"key":"{key}","type":"Number","value":1}}]"#);
    let request = Request::put("/forms/x").header("host", "localhost").body(Body::from(body)).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
}

on_both_stores!(callers_that_hang_up_over_the_network_cost_nobody_anything);

async fn callers_that_hang_up_over_the_network_cost_nobody_anything(store: Store) {
    const CALLS: usize = 200;
    let flags = [&ONE_CONNECTION[..], &["--max-attributes", "1000"]].concat();
    let service = Service::with(store, Front::Combined, &flags).await;
    service.create("x", "{}").await;
    let address = service.server.address("grpc");
    let body = |key: &str| format!(r#"[{{"key":"{key}","type":"Number","value":1}}]"#);
    let mut client = service.grpc().await;
    for call in 0..CALLS {
        // Of each three, one hangs up over REST, one resets its stream, and one has a deadline that passes.
        let limit = Duration::from_micros(u64::try_from(call * 61 % 4000).unwrap());
        let given_up = body(&format!("given-up-{call}"));
        let rest = service.rest();
        match call % 3 {
            0 => drop(tokio::time::timeout(limit, rest.update("x", given_up)).await),
            1 => {
                let request = channel_session_api::v1::UpdateDataRequest {
                    channel_session_id: "x".to_owned(),
                    attributes_json: Some(given_up),
                    ..Default::default()
                };
                drop(tokio::time::timeout(limit, client.update_data(request)).await);
            }
            _ => {
                let timeout = format!("{}u", limit.as_micros());
                raw::update_within(address, &timeout, "x", &given_up).await;
            }
        }
        let answer = rest.update("x", body(&format!("finished-{call}"))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    // Another process has no connection, cache or log of the first one: what it finds is what is stored.
    let another = service.another(&[]);
    let document = Rest::new(another.address("http")).get("x").await.body;
    let lost: Vec<_> =
        (0..CALLS).filter(|call| !document.contains(&format!("\"finished-{call}\""))).collect();
    assert_eq!(lost, Vec::<usize>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_says_whether_the_update_may_have_been_made() {
    let service = Service::with(Store::Postgres, Front::Combined, &ONE_CONNECTION).await;
    service.create("x", "{}").await;
    service.create("y", "{}").await;
    let address = service.server.address("grpc");
    let body = r#"[{"key":"k","type":"Number","value":1}]"#;

    // No time at all: nothing is sent.
    let status = raw::update_within(address, "0n", "x", body).await;
    let failure = Failure::from_status(&status);
    assert_eq!((status.code(), &*failure.reason), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    assert!(!failure.outcome_unknown);

    // Sent, and being made by a database that takes its time: its outcome is unknown.
    let mut slow = PgConnection::connect(&service.database_url()).await.unwrap();
    sqlx::raw_sql(SLOW).execute(&mut slow).await.unwrap();
    let sent = tokio::spawn(raw_update(address, "500m", "x", body));
    let at_work =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let is_at_work = async || {
        let mut connection = PgConnection::connect(&service.database_url()).await.unwrap();
        sqlx::query_scalar::<_, i64>(at_work).fetch_one(&mut connection).await.unwrap() > 0
    };
    until("the update at work", is_at_work).await;
    // Behind it in the queue for the one connection: never sent.
    let queued = Failure::from_status(&raw::update_within(address, "100m", "y", body).await);
    assert_eq!((&*queued.reason, queued.outcome_unknown), ("DEADLINE_EXCEEDED", false));
    let sent = sent.await.unwrap();
    assert_eq!((&*sent.reason, sent.outcome_unknown), ("DEADLINE_EXCEEDED", true));

    // What was sent is made; what was not sent never is.
    let rest = service.rest();
    let answer = rest.update("x", "[]").await;
    assert_eq!(answer.revision(), 2, "{answer:?}");
    let untouched = rest.get("y").await;
    assert_eq!((untouched.revision(), json(&untouched.body)), (1, json("{}")));
}

/// Updates of one session take longer than a caller waits.
const SLOW: &str = "
    CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(2);
        RETURN NEW;
    END $$;
    CREATE TRIGGER slow BEFORE UPDATE ON channel_session FOR EACH ROW WHEN (NEW.id = 'x') EXECUTE FUNCTION be_slow()";

async fn raw_update(address: std::net::SocketAddr, timeout: &str, id: &str, body: &str) -> Failure {
    Failure::from_status(&raw::update_within(address, timeout, id, body).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_own_limit_holds_for_callers_without_a_deadline() {
    let flags = ["--request-timeout", "300ms"];
    let service = Service::with(Store::Postgres, Front::Alone, &flags).await;
    service.create("x", "{}").await;
    let lock = Lock::take(&service.database_url(), &["x"]).await;
    let answer = service.rest().update("x", r#"[{"key":"k","type":"Number","value":1}]"#).await;
    let failure = answer.failure();
    assert_eq!((answer.status.as_u16(), &*failure.reason), (504, "DEADLINE_EXCEEDED"));
    assert!(failure.outcome_unknown);
    lock.release().await;
}

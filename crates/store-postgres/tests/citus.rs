//! What Citus asks of the tables and of this store, as far as it can be shown without one. The suite runs on a cluster where
//! `TEST_DATABASE_URL` names one.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::collections::BTreeMap;

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{
    Error,
    command::{Create, Existing, Operation},
    event::{Position, Scope},
    session::TenantId,
    store::{Expired, Store as _},
    time::Timestamp,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{
    parsed,
    postgres::{self, Cluster},
};

/// What operators run.
const DISTRIBUTE: &str = include_str!("../../../deploy/citus.sql");

/// The tables that stay on the coordinator.
const LOCAL: [&str; 3] = ["_sqlx_migrations", "channel_session_epoch", "channel_session_event_log"];

/// The column by which each table is distributed.
fn distributed() -> BTreeMap<&'static str, &'static str> {
    let calls = DISTRIBUTE.split("create_distributed_table(").skip(1);
    calls
        .map(|call| {
            let mut texts = call.split('\'').skip(1).step_by(2);
            (texts.next().unwrap(), texts.next().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_unique_key_holds_the_session() {
    let database = postgres::database().await;
    migrate(database.url()).await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let tables =
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                  ORDER BY relname";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    let distributed = distributed();
    let mut known: Vec<_> = distributed.keys().copied().chain(LOCAL).collect();
    known.sort_unstable();
    assert_eq!(tables, known, "each table is distributed, or is known to stay on the coordinator");
    for (table, column) in distributed {
        let keys = "SELECT array_agg(attname::text) FROM pg_index JOIN pg_attribute
                        ON attrelid = indrelid AND attnum = ANY (indkey)
                    WHERE indrelid = $1::regclass AND indisunique GROUP BY indexrelid";
        let keys: Vec<Vec<String>> =
            sqlx::query_scalar(keys).bind(table).fetch_all(&mut connection).await.unwrap();
        assert!(!keys.is_empty(), "{table}");
        for key in keys {
            assert!(key.iter().any(|name| name == column), "a unique key of {table} lacks {column}: {key:?}");
        }
    }
}

/// The catalog is made by hand: the statements for Citus are PostgreSQL's too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_citus_all_is_answered_but_watches() {
    let cluster = Cluster::start(postgres::Options::default()).await;
    let url = cluster.url("postgres");
    migrate(&url).await.unwrap();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let catalog = "SET allow_system_table_mods = on;
                   CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
                   INSERT INTO pg_catalog.pg_dist_partition VALUES ('channel_session_event')";
    sqlx::raw_sql(catalog).execute(&mut admin).await.unwrap();
    let store = Store::open(&url, &Options::default()).await.unwrap();

    assert!(matches!(store.position().await, Err(Error::NotSupported(_))));
    let anywhere = Position::new("p2~00~5");
    let events = store.events(&TenantId::only(), &Scope::All, &anywhere, None, 1).await;
    assert!(matches!(events, Err(Error::NotSupported(_))), "{events:?}");
    let health = store.health().await;
    assert!(health.is_ready(), "{health}");

    for number in 0..5 {
        let create = Create { document: parsed::document("{}"), existing: Existing::Refuse };
        let id = parsed::id(&format!("session-{number}"));
        let mut create = parsed::command(id, Operation::Create(create));
        create.request_id = Some(parsed::request_id("a-request"));
        create.at = Timestamp::from_millis(number);
        store.execute(vec![create]).await.remove(0).unwrap();
    }
    let before = Timestamp::from_millis(4);
    for expired in [Expired::Events(before), Expired::IdempotencyRecords(before)] {
        for count in [3, 1, 0] {
            assert_eq!(store.expire(expired, 3).await.unwrap(), count, "{expired:?}");
        }
    }
    for left in [
        "SELECT session_id FROM channel_session_event",
        "SELECT session_id FROM channel_session_idempotency_record",
    ] {
        let left: Vec<String> = sqlx::query_scalar(left).fetch_all(&mut admin).await.unwrap();
        assert_eq!(left, ["session-4"]);
    }
}

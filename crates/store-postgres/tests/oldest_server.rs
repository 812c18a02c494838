//! PostgreSQL 14 is enough: what the statements use of later ones would be missing there, as it is here.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{
    command::{Create, Existing, Operation},
    event::Scope,
    session::TenantId,
    store::{Expired, Store as _},
    time::Timestamp,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{
    parsed,
    postgres::{self, Cluster},
};

/// The minimum and the maximum of transaction ids came with PostgreSQL 15. No command removes them.
const WITHOUT: &str = "SET allow_system_table_mods = on;
    DELETE FROM pg_proc WHERE proname IN ('min', 'max') AND proargtypes[0] = 'xid8'::regtype";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_ids_need_no_functions_of_later_servers() {
    let cluster = Cluster::start(postgres::Options::default()).await;
    let url = cluster.url("postgres");
    let mut admin = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(WITHOUT).execute(&mut admin).await.unwrap();
    let missing = sqlx::query("SELECT max('3'::xid8)").execute(&mut admin).await;
    assert!(missing.is_err(), "{missing:?}");

    migrate(&url).await.unwrap();
    let store = Store::open(&url, &Options::default()).await.unwrap();
    let start = store.position().await.unwrap();
    let create = Create { document: parsed::document("{}"), existing: Existing::Refuse };
    let create = parsed::command(parsed::id("x"), Operation::Create(create));
    store.execute(vec![create]).await.remove(0).unwrap();
    let received = store.events(&TenantId::only(), &Scope::All, &start, None, 10).await.unwrap();
    assert_eq!(received.events.len(), 1);
    let expired = store.expire(Expired::Events(Timestamp::from_millis(i64::MAX)), 10).await;
    assert_eq!(expired.unwrap(), 1);
}

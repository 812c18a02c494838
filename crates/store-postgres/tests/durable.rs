//! Acknowledged means durable as configured: a commit whose wait for a standby was cancelled has an unknown outcome.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, migrate_with};
use domain::{
    Error, Outcome,
    command::{Create, Existing, Operation},
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{
    parsed,
    postgres::{self, Cluster},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_waits_for_no_standby_any_more_is_not_acknowledged() {
    commits_are_not_acknowledged(false).await;
}

/// The warning comes with the end of the statement's transaction then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_is_one_with_row_level_security() {
    commits_are_not_acknowledged(true).await;
}

async fn commits_are_not_acknowledged(row_level_security: bool) {
    let cluster = Cluster::start(postgres::Options::default()).await;
    let url = cluster.url("postgres");
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let owner =
        "CREATE ROLE owner LOGIN; ALTER DATABASE postgres OWNER TO owner; ALTER SCHEMA public OWNER TO owner";
    sqlx::raw_sql(owner).execute(&mut admin).await.unwrap();
    let url = url.replace("postgres@", "owner@");
    migrate_with(&url, RowLevelSecurity::Switch(row_level_security)).await.unwrap();
    let options = Options { row_level_security, ..Options::default() };
    let store = Store::open(&url, &options).await.unwrap();
    let create = Create { document: parsed::document("{}"), existing: Existing::Refuse };
    let id = || parsed::id("x");
    store.execute(vec![parsed::command(id(), Operation::Create(create))]).await.remove(0).unwrap();

    for statement in ["ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(statement).execute(&mut admin).await.unwrap();
    }
    let mut number = 0;
    // The server's processes follow their settings in their own time.
    let result = loop {
        number += 1;
        let attributes = format!(r#"[{{"key":"k","type":"Number","value":{number}}}]"#);
        let update = Operation::Update(Update::attach(parsed::attributes(&attributes), 10));
        let (store, command) = (store.clone(), parsed::command(id(), update));
        let writing = tokio::spawn(async move { store.execute(vec![command]).await.remove(0) });
        let cancel =
            "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        while !writing.is_finished() {
            sqlx::query_scalar::<_, i64>(cancel).fetch_one(&mut admin).await.unwrap();
            tokio::task::yield_now().await;
        }
        match writing.await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let Error::StoreUnavailable { outcome: Outcome::Unknown, cause } = result else { panic!("{result:?}") };
    assert!(cause.to_string().contains("synchronous replication"), "{cause}");
    // It is there all the same.
    let stored = store.get(&domain::session::TenantId::only(), vec![id()]).await.remove(0).unwrap();
    assert!(stored.document.contains(&number.to_string()), "{}", stored.document);
}

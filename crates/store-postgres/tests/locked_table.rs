//! Somebody locks a whole table for a moment, as a change of its columns does: updates wait for it, and are made.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{
    command::{Create, Existing, Operation},
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{parsed, postgres};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_waits_for_a_table_that_is_locked_for_a_moment() {
    let database = postgres::database().await;
    migrate(database.url()).await.unwrap();
    // Nothing is known of the session, so that it is read.
    let options = Options { session_cache: 0, ..Options::default() };
    let store = Store::open(database.url(), &options).await.unwrap();
    let command = |operation| parsed::command(parsed::id("x"), operation);
    let create = Create { document: parsed::document("{}"), existing: Existing::Refuse };
    store.execute(vec![command(Operation::Create(create))]).await.remove(0).unwrap();

    let mut other = PgConnection::connect(database.url()).await.unwrap();
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE channel_session IN ACCESS EXCLUSIVE MODE")
        .execute(&mut other)
        .await
        .unwrap();
    let attributes = parsed::attributes(r#"[{"key":"k","type":"Number","value":1}]"#);
    let update = command(Operation::Update(Update::attach(attributes, 10)));
    let writing = tokio::spawn(async move { store.execute(vec![update]).await.remove(0) });
    // It has given up once, and waits for longer.
    let waits = "SELECT count(*) FROM pg_stat_activity AS waiting
                 WHERE datname = current_database() AND wait_event_type = 'Lock'
                   AND clock_timestamp() - query_start > interval '20 milliseconds'";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut admin).await.unwrap() == 0 {
        assert!(!writing.is_finished(), "{:?}", writing.await);
    }
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(writing.await.unwrap().unwrap().revision.get(), 2);
}

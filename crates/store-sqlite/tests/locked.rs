//! Another program that holds the file for longer than is waited for.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_sqlite::{Options, Store, migrate};
use domain::{
    Error, Outcome,
    command::{Command, Create, Existing, Operation},
    store::Store as _,
};
use sqlx::{Connection, SqliteConnection};
use store_testkit::parsed;

fn create() -> Command {
    let create = Create { document: parsed::document("{}"), existing: Existing::Refuse };
    parsed::command(parsed::id("x"), Operation::Create(create))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_not_made_and_says_that_the_store_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
    migrate(&url).await.unwrap();
    let store = Store::open(&url, &Options::default()).await.unwrap();
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

    let refused = store.execute(vec![create()]).await.remove(0).unwrap_err();
    let Error::StoreUnavailable { outcome: Outcome::NotApplied, cause } = &refused else {
        panic!("{refused:?}")
    };
    assert!(cause.to_string().contains("database is locked"), "{cause}");

    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert!(store.execute(vec![create()]).await.remove(0).is_ok());
}

//! The conformance suite on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, Store, migrate};
use store_testkit::{Fresh, postgres};

store_testkit::conformance!(fresh);

async fn fresh() -> Fresh {
    let database = postgres::database().await;
    migrate(database.url()).await.unwrap();
    database.distribute().await;
    let store = Store::open(database.url(), &Options::default()).await.unwrap();
    Fresh::new(store, database)
}

//! The conformance suite with row-level security, as the service's ordinary role: the tables' owner, whom the policies hold
//! all the same.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, migrate_with};
use store_testkit::{Fresh, postgres};

store_testkit::conformance!(fresh);

async fn fresh() -> Fresh {
    let database = postgres::database().await;
    let url = database.owner_url().await;
    migrate_with(&url, RowLevelSecurity::OfNewTables(true)).await.unwrap();
    let options = Options { row_level_security: true, ..Options::default() };
    let store = Store::open(&url, &options).await.unwrap();
    Fresh::new(store, database)
}

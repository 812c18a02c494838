//! The conformance suite on two stores that share a database and take turns: each decides on what the other one wrote.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, Store, migrate};
use store_testkit::{Fresh, Instances, postgres};

store_testkit::conformance!(fresh);

async fn fresh() -> Fresh {
    let database = postgres::database().await;
    migrate(database.url()).await.unwrap();
    database.distribute().await;
    let open = async || Store::open(database.url(), &Options::default()).await.unwrap();
    Fresh::new(Instances::new(open().await, open().await), database)
}

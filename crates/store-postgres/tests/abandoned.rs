//! Callers that leave half-way cost no connection: each would have to be made again, which takes the database longer
//! than most calls.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{event::Scope, list::Filter, session::TenantId, store::Store as _};
use sqlx::{Connection, PgConnection};
use store_testkit::postgres;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_outlive_the_calls_that_are_left_on_them() {
    let database = postgres::database().await;
    migrate(database.url()).await.unwrap();
    let mut observer = PgConnection::connect(database.url()).await.unwrap();
    let store = Arc::new(Store::open(database.url(), &Options::default()).await.unwrap());
    let (tenant, filter) = (TenantId::only(), Filter::default());
    let start = store.position().await.unwrap();
    let mut seen = BTreeSet::new();
    for call in 0..300 {
        // Sooner than most answers, so that some of them are left at every moment.
        let limit = Duration::from_micros(call * 7 % 1500);
        let _ = timeout(limit, store.list(&tenant, &filter, None, 10)).await;
        let _ = timeout(limit, store.events(&tenant, &Scope::All, &start, None, 10)).await;
        let pids = "SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        seen.extend(sqlx::query_scalar::<_, i32>(pids).fetch_all(&mut observer).await.unwrap());
    }
    let most = Options::default().max_connections / 4 + Options::default().max_event_connections;
    assert!(seen.len() <= most as usize, "{} connections were made where there are {most}", seen.len());
}

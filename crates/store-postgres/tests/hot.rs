//! An update of attributes touches no index: PostgreSQL puts the row's new version beside the old one (HOT).

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::time::{Duration, Instant};

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{
    command::{Create, Existing, Operation},
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{parsed, postgres, seed};

const SESSIONS: usize = 50;
const ROUNDS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nearly_all_updates_are_hot() {
    let database = postgres::database().await;
    migrate(database.url()).await.unwrap();
    let store = Store::open(database.url(), &Options::default()).await.unwrap();
    let ids: Vec<_> = (0..SESSIONS).map(|number| parsed::id(&format!("session-{number}"))).collect();
    let command = async |operation: &dyn Fn() -> Operation| {
        for result in
            store.execute(ids.iter().map(|id| parsed::command(id.clone(), operation())).collect()).await
        {
            result.unwrap();
        }
    };
    let create = || Create { document: parsed::document(seed::CHANNEL_SESSION), existing: Existing::Refuse };
    command(&|| Operation::Create(create())).await;
    for round in 0..ROUNDS {
        let attributes = format!(r#"[{{"key":"k","type":"Number","value":{round}}}]"#);
        command(&|| Operation::Update(Update::attach(parsed::attributes(&attributes), 10))).await;
    }

    // Counts come a little after what they count, and in a transaction of their own.
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'channel_session'";
    let limit = Instant::now() + Duration::from_secs(60);
    let (updates, hot) = loop {
        let (updates, hot): (i64, i64) = sqlx::query_as(counts).fetch_one(&mut connection).await.unwrap();
        if updates >= i64::try_from(SESSIONS * ROUNDS).unwrap() {
            break (updates, hot);
        }
        assert!(Instant::now() < limit, "only {updates} updates are counted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(hot * 100 >= updates * 95, "{hot} of {updates} updates were HOT");
}

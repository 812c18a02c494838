//! What a step of retention takes does not depend on how much is kept.

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, migrate_with};
use domain::{
    command::{Create, Existing, Operation},
    store::{Expired, Store as _},
    time::Timestamp,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{parsed, postgres};

use crate::{
    database::{Database, EVENTS, SESSIONS, cluster},
    update,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retention_takes_what_it_deletes_also_where_nothing_that_was_deleted_can_go() {
    retention_is_bounded(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retention_takes_no_more_with_row_level_security() {
    retention_is_bounded(true).await;
}

async fn retention_is_bounded(row_level_security: bool) {
    let cluster = cluster().await;
    let admin_url = cluster.url("postgres");
    // Somebody who reads for hours, such as a dump, and has changed something before: what is deleted stays where it is.
    let mut old = PgConnection::connect(&admin_url).await.unwrap();
    let hold = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id()";
    sqlx::raw_sql(hold).execute(&mut old).await.unwrap();
    let mut database = Database::load(&cluster, row_level_security).await;
    let step = async |store: &Store| {
        let before = Timestamp::from_millis(EVENTS / 2);
        assert_eq!(store.expire(Expired::Events(before), 500).await.unwrap(), 500);
    };
    for round in 0..5 {
        database.is_at_most(&format!("a step in round {round}"), 3000, step).await;
        let store = database.open().await;
        for _ in 0..30 {
            step(&store).await;
        }
        store.close().await;
    }
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM channel_session_event")
        .fetch_one(&mut database.admin)
        .await
        .unwrap();
    assert_eq!(left, EVENTS + 3000 - 5 * 31 * 500);
    assert_eq!(SESSIONS, 30_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_under_way_while_later_ones_were_deleted_is_deleted_too() {
    const EVENT: &str = "
        INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, requester, changes, document_bytes)
        VALUES ('default', 'held', 1, 1, 'CHANNEL_SESSION_DELETED', 1, 'somebody', '[]', 0)";
    let database = postgres::database().await;
    migrate_with(database.url(), RowLevelSecurity::OfNewTables(false)).await.unwrap();
    let store = Store::open(database.url(), &Options::default()).await.unwrap();
    let mut held = PgConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut held).await.unwrap();
    sqlx::raw_sql(EVENT).execute(&mut held).await.unwrap();
    let document = parsed::document("{}");
    let create = Operation::Create(Create { document, existing: Existing::Refuse });
    store.execute(vec![parsed::command(parsed::id("s7"), create)]).await.remove(0).unwrap();
    for number in 0..3 {
        store.execute(vec![update(number)]).await.remove(0).unwrap();
    }
    let before = Timestamp::from_millis(i64::MAX);
    assert_eq!(store.expire(Expired::Events(before), 100).await.unwrap(), 4);
    sqlx::raw_sql("COMMIT").execute(&mut held).await.unwrap();
    assert_eq!(store.expire(Expired::Events(before), 100).await.unwrap(), 1);
}

//! A server that has lost commits, as after a failover to a standby that lagged: the revisions that they had are given to
//! other writes, and no process may go on from what it wrote itself.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, migrate_with};
use domain::{
    command::{Command, Create, Existing, Operation},
    session::TenantId,
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{parsed, postgres};

/// The first revision of each session is what is left.
const LOSE: [&str; 3] = [
    "DELETE FROM channel_session_event WHERE revision > 1",
    r#"UPDATE channel_session SET revision = 1, document = '{"channelData":{"additionalAttributes":[]}}'"#,
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()",
];

fn create(id: &str) -> Command {
    let document = parsed::document(r#"{"channelData":{"additionalAttributes":[]}}"#);
    parsed::command(parsed::id(id), Operation::Create(Create { document, existing: Existing::Refuse }))
}

fn update(id: &str, key: &str) -> Command {
    let attributes = parsed::attributes(&format!(r#"[{{"key":"{key}","type":"Number","value":1}}]"#));
    parsed::command(parsed::id(id), Operation::Update(Update::attach(attributes, 10)))
}

#[tokio::test]
async fn what_was_written_before_is_not_assumed_of_a_server_that_is_connected_again() {
    nothing_is_assumed(false).await;
}

#[tokio::test]
async fn nor_is_it_with_row_level_security() {
    nothing_is_assumed(true).await;
}

async fn nothing_is_assumed(row_level_security: bool) {
    let database = postgres::database().await;
    let owner = database.owner_url().await;
    migrate_with(&owner, RowLevelSecurity::Switch(row_level_security)).await.unwrap();
    let options = Options { row_level_security, ..Options::default() };
    let store = Store::open(&owner, &options).await.unwrap();
    for command in ["a", "b"].map(create).into_iter().chain(["a", "b"].map(|id| update(id, "lost"))) {
        store.execute(vec![command]).await.remove(0).unwrap();
    }

    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for statement in LOSE {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    let other = Store::open(&owner, &options).await.unwrap();
    assert_eq!(other.execute(vec![update("b", "of-other")]).await.remove(0).unwrap().revision.get(), 2);

    // The store finds out with one session that its connections are gone.
    while store.execute(vec![update("a", "mine")]).await[0].is_err() {}
    assert_eq!(store.execute(vec![update("b", "mine")]).await.remove(0).unwrap().revision.get(), 3);
    let stored = store.get(&TenantId::only(), vec![parsed::id("b")]).await.remove(0).unwrap().document;
    assert!(stored.contains("of-other") && stored.contains("mine") && !stored.contains("lost"), "{stored}");
}

//! A database of the schema's first step is brought to this version with all that is in it.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use sqlx::{
    Connection, SqlStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
};
use store_sqlite::{Store, migrate};
use store_testkit::upgrade;

#[tokio::test]
async fn sessions_of_the_first_step_are_found_after_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=rwc", folder.path().join("sessions.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let sql = SqlStr::from_static(include_str!("../migrations/1_channel_session.sql"));
    let first = Migration::new(1, "channel_session".into(), MigrationType::Simple, sql, false);
    Migrator::with_migrations(vec![first]).run(&mut connection).await.unwrap();
    for (id, document) in upgrade::sessions() {
        let insert = sqlx::query("INSERT INTO channel_session VALUES ('default', ?, 7, ?)");
        insert.bind(id).bind(document).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();

    migrate(&url).await.unwrap();
    let store = Store::open(&url).await.unwrap();
    upgrade::check(&store).await;
}

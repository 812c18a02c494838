//! A database of the schema's first step is brought to this version with all that is in it.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use sqlx::{
    Connection, PgConnection, SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};
use store_postgres::{Options, Store, migrate};
use store_testkit::{postgres, upgrade};

#[tokio::test]
async fn sessions_of_the_first_step_are_found_after_the_others() {
    let database = postgres::database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let sql = SqlStr::from_static(include_str!("../migrations/1_channel_session.sql"));
    let first = Migration::new(1, "channel_session".into(), MigrationType::Simple, sql, false);
    Migrator::with_migrations(vec![first]).run(&mut connection).await.unwrap();
    for (id, document) in upgrade::sessions() {
        let insert = sqlx::query("INSERT INTO channel_session VALUES ('default', $1, 7, $2::jsonb)");
        insert.bind(id).bind(document).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();

    migrate(database.url()).await.unwrap();
    let store = Store::open(database.url(), &Options::default()).await.unwrap();
    upgrade::check(&store).await;
}

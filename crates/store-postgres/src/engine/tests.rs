//! Where Citus's catalog names the tables, connections are set up for it, and nowhere else.
//!
//! The catalog is made by hand here: what is tested is what this store does where it is there, and not Citus.

use std::time::Duration;

use sqlx::{Connection, PgConnection, Row};
use store_testkit::postgres::{self, Cluster};

use super::Engine;
use crate::{
    connections::{Connections, Limits},
    epoch::Epoch,
    migrate,
    reachability::Reachability,
    row_security::Rows,
    target::Target,
};

/// What a new connection leads to, and how it plans.
async fn found(url: &str) -> (Engine, String) {
    let second = Duration::from_secs(5);
    let limits =
        Limits { pool: "test", max: 1, acquire: second, statement: second, row_level_security: false };
    let target = Target::parse(url).expect("a URL");
    let connections = Connections::new(target, limits, Epoch::default(), Reachability::default());
    let mut connection = connections.get().await.expect("a connection");
    let mode =
        connection.fetch_one(Rows::None, sqlx::query("SHOW plan_cache_mode")).await.expect("an answer");
    (connection.engine(), mode.get(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_tables_that_citus_keeps_have_custom_plans() {
    let cluster = Cluster::start(postgres::Options::default()).await;
    let url = cluster.url("postgres");
    let mut admin = PgConnection::connect(&url).await.expect("a connection");
    let mut run = async |statement: &'static str| {
        sqlx::raw_sql(statement).execute(&mut admin).await.expect("it is done");
    };
    let generic = (Engine::Postgres, "force_generic_plan".to_owned());
    assert_eq!(found(&url).await, generic, "no Citus and no tables");
    migrate(&url).await.expect("the tables are made");
    assert_eq!(found(&url).await, generic, "no Citus");
    run(
        "SET allow_system_table_mods = on; CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass)",
    )
    .await;
    assert_eq!(found(&url).await, generic, "Citus, and tables that it does not keep");
    run("INSERT INTO pg_catalog.pg_dist_partition VALUES ('channel_session_event')").await;
    assert_eq!(found(&url).await, (Engine::Citus, "force_custom_plan".to_owned()));
}

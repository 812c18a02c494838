//! Databases of a Citus cluster, where `TEST_DATABASE_URL` names its coordinator and a database that knows its workers: a
//! database of the same name on each of them, with the extension in all, and the tables distributed as operators do it.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;

/// What operators run after `migrate`.
const DISTRIBUTE: &str = include_str!("../../../../deploy/citus.sql");

/// The workers that a database knows, each with the same database; none where the server is no Citus coordinator.
pub(super) async fn workers(admin_url: &Url) -> Result<Vec<Url>, sqlx::Error> {
    let mut admin = PgConnection::connect(admin_url.as_str()).await?;
    let has_citus = "SELECT to_regclass('pg_catalog.pg_dist_node') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(has_citus).fetch_one(&mut admin).await? {
        return Ok(Vec::new());
    }
    let nodes = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0";
    let nodes: Vec<(String, i32)> = sqlx::query_as(nodes).fetch_all(&mut admin).await?;
    let worker = |(host, port): (String, i32)| {
        let mut url = admin_url.clone();
        url.set_host(Some(&host)).ok()?;
        url.set_port(Some(u16::try_from(port).ok()?)).ok()?;
        Some(url)
    };
    Ok(nodes.into_iter().filter_map(worker).collect())
}

/// Makes a cluster of the databases of a coordinator and its workers.
pub(super) async fn join(coordinator: &Url, workers: &[Url]) -> Result<(), sqlx::Error> {
    for url in workers.iter().chain([coordinator]) {
        run(url, "CREATE EXTENSION citus".to_owned()).await?;
    }
    let place =
        |url: &Url| format!("'{}', {}", url.host_str().unwrap_or_default(), url.port().unwrap_or(5432));
    let mut nodes = format!("SELECT citus_set_coordinator_host({})", place(coordinator));
    for worker in workers {
        nodes += &format!("; SELECT citus_add_node({})", place(worker));
    }
    run(coordinator, nodes).await
}

/// Distributes the tables, once they are there.
pub(super) async fn distribute(coordinator: &Url) -> Result<(), sqlx::Error> {
    run(coordinator, DISTRIBUTE.to_owned()).await
}

pub(super) async fn run(url: &Url, statements: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url.as_str()).await?;
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await?;
    connection.close().await
}

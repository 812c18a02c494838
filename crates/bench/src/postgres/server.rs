//! A throwaway PostgreSQL with stock settings, apart from memory.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store_testkit::postgres::{Cluster, Options};

use super::Database;
use crate::{Failure, proc};

/// PostgreSQL's own default, which the cluster's differs from: commits are durable, as in production.
const DURABLE: &str = "fsync=on";

/// The part of the machine's memory that PostgreSQL keeps pages in, which its manual recommends to begin with.
/// Source: <https://www.postgresql.org/docs/15/runtime-config-resource.html>, `shared_buffers`.
const MEMORY_PART: u64 = 4;

/// Connections beside those of load: of the service's processes, of checks, and what is reserved for superusers.
const OTHER_CONNECTIONS: u16 = 64;

/// Dropped, it stops, and its data is gone.
pub(crate) struct Server {
    cluster: Cluster,
    version: String,
    programs: PathBuf,
    data_folder: PathBuf,
    port: u16,
    postmaster: u32,
}

impl Server {
    /// Starts one that takes this many connections of load at once.
    pub(crate) async fn start(connections: u16) -> Result<Self, Failure> {
        let shared_buffers = format!("shared_buffers={}kB", proc::total_memory_kib()? / MEMORY_PART);
        let settings = vec![DURABLE.to_owned(), shared_buffers];
        let max_connections = connections.saturating_add(OTHER_CONNECTIONS);
        let cluster = Cluster::start(Options { max_connections, settings }).await;
        let mut connection = PgConnection::connect(&cluster.url(ADMIN)).await?;
        let (version, programs, data_folder, port, backend): (String, String, String, i32, i32) =
            sqlx::query_as(
                "SELECT current_setting('server_version'), setting, current_setting('data_directory'),
                    current_setting('port')::int, pg_backend_pid()
             FROM pg_config WHERE name = 'BINDIR'",
            )
            .fetch_one(&mut connection)
            .await?;
        // The postmaster is the parent of all of its processes.
        let postmaster = proc::parent(backend.try_into()?)?;
        connection.close().await?;
        let (programs, data_folder, port) = (programs.into(), data_folder.into(), port.try_into()?);
        Ok(Self { cluster, version, programs, data_folder, port, postmaster })
    }

    /// Makes an empty database.
    pub(crate) async fn create(&self, name: &'static str) -> Result<Database, Failure> {
        let mut connection = PgConnection::connect(&self.cluster.url(ADMIN)).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
        connection.close().await?;
        Ok(Database::new(self.cluster.url(name)))
    }

    /// Makes an empty database, and the URL of a role that owns it and may do nothing beyond that.
    pub(crate) async fn create_owned(&self, name: &'static str) -> Result<(Database, String), Failure> {
        let database = self.create(name).await?;
        let mut connection = database.connect().await?;
        let owner = format!(
            "CREATE ROLE {name}_owner LOGIN; ALTER DATABASE {name} OWNER TO {name}_owner;
             ALTER SCHEMA public OWNER TO {name}_owner"
        );
        sqlx::raw_sql(AssertSqlSafe(owner)).execute(&mut connection).await?;
        connection.close().await?;
        let url = database.url().replace(&format!("//{ADMIN}@"), &format!("//{name}_owner@"));
        Ok((database, url))
    }

    /// A database as it is reached through another port.
    pub(crate) fn behind(&self, port: u16, name: &str) -> Database {
        let [own, other] = [self.port, port].map(|port| format!(":{port}/"));
        Database::new(self.cluster.url(name).replace(&own, &other))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps its data.
    pub(super) fn data_folder(&self) -> &Path {
        &self.data_folder
    }

    /// The release, such as 15.13.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The folder of its programs, pgbench among them.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// The process that all others of it are children of.
    pub(crate) fn postmaster(&self) -> u32 {
        self.postmaster
    }
}

/// The database that is there from the start, and the role.
const ADMIN: &str = "postgres";

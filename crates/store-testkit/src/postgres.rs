//! A fresh database for each test, on a PostgreSQL that the test process brings itself.
//!
//! The server is found in this order: the one that `TEST_DATABASE_URL` names, where the user must be allowed
//! to create databases; a throwaway cluster of the programs that are installed; the same after installing
//! Debian's package, where the process may do that. None is skipped: without a server, tests fail and say
//! what to do.

mod citus;
mod cluster;
mod programs;

use std::{
    env,
    process::{self, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;
use url::Url;

pub use cluster::{Cluster, Options};

/// Creates an empty database.
///
/// It sorts text by a language's rules where the server can do that, as databases in production do, so that a
/// store which relies on the database's own order is found out.
///
/// # Panics
/// If there is no server and none can be started, with what to do about it.
pub async fn database() -> Database {
    let server = SERVER.get_or_init(Server::find).await;
    let server = server.as_ref().unwrap_or_else(|problem| panic!("{problem}"));
    server.create_database().await.unwrap_or_else(|error| panic!("cannot create a database: {error}"))
}

/// A database that nothing else uses.
#[derive(Debug)]
pub struct Database {
    url: String,
    name: String,
    /// Where to drop it. A cluster of our own goes away as a whole.
    admin_urls: Vec<Url>,
    is_distributed: bool,
}

impl Database {
    /// How to connect: `postgres://…`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How to connect as a role that owns it and may do nothing beyond that: no superuser, whom no policy holds for.
    ///
    /// # Panics
    /// If the role cannot be made.
    pub async fn owner_url(&self) -> String {
        let role = owner(&self.name);
        let statements = format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'secret';
             ALTER DATABASE {} OWNER TO {role};
             ALTER SCHEMA public OWNER TO {role}",
            self.name
        );
        let mut url = Url::parse(&self.url).expect("a database's URL is valid");
        citus::run(&url, statements).await.unwrap_or_else(|error| panic!("cannot make its owner: {error}"));
        let named = url.set_username(&role).and_then(|()| url.set_password(Some("secret")));
        named.expect("a URL of PostgreSQL has users");
        url.into()
    }

    /// Spreads the tables over the workers, where the server that is given is the coordinator of a Citus cluster.
    ///
    /// # Panics
    /// If that fails, such as before the tables are there.
    pub async fn distribute(&self) {
        if self.is_distributed {
            let url = Url::parse(&self.url).expect("a database's URL is valid");
            citus::distribute(&url)
                .await
                .unwrap_or_else(|error| panic!("cannot distribute the tables: {error}"));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let admin_urls = std::mem::take(&mut self.admin_urls);
        if admin_urls.is_empty() {
            return;
        }
        let statements = [
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
            format!("DROP ROLE IF EXISTS {}", owner(&self.name)),
        ];
        // Within a runtime nothing can be waited for, so another thread does. A failure leaves a database
        // behind, which is no reason to fail a test that has passed.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                for url in admin_urls {
                    for statement in &statements {
                        citus::run(&url, statement.clone()).await?;
                    }
                }
                Ok::<_, sqlx::Error>(())
            })
        });
        drop(dropping.join());
    }
}

/// One for all tests of a process; a problem is kept too, so that it is not met again by each of them.
static SERVER: OnceCell<Result<Server, String>> = OnceCell::const_new();

enum Server {
    Given(Url),
    Own(Cluster),
}

impl Server {
    async fn find() -> Result<Self, String> {
        match env::var("TEST_DATABASE_URL") {
            Ok(url) => Url::parse(&url).map(Self::Given).map_err(|error| {
                format!("TEST_DATABASE_URL is no URL such as postgres://user@host: {error}")
            }),
            Err(_) => Cluster::try_start(Options::default()).await.map(Self::Own),
        }
    }

    fn url(&self, database: &str) -> Url {
        match self {
            Self::Given(url) => {
                let mut url = url.clone();
                url.set_path(database);
                url
            }
            Self::Own(cluster) => Url::parse(&cluster.url(database)).expect("a cluster's URL is valid"),
        }
    }

    async fn create_database(&self) -> Result<Database, sqlx::Error> {
        let (admin_url, workers) = match self {
            Self::Given(url) => (url.clone(), citus::workers(url).await?),
            Self::Own(_) => (self.url("postgres"), Vec::new()),
        };
        let mut connection = PgConnection::connect(admin_url.as_str()).await?;
        let name = unused_name();
        // The other template may be in use, and then it cannot be copied.
        let mut statement = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
        if has_language_rules(&mut connection).await? {
            statement += " LOCALE_PROVIDER icu ICU_LOCALE 'en'";
        }
        connection.close().await?;
        for url in workers.iter().chain([&admin_url]) {
            citus::run(url, statement.clone()).await?;
        }
        let url = self.url(&name);
        if !workers.is_empty() {
            let mut databases = workers.clone();
            databases.iter_mut().for_each(|worker| worker.set_path(&name));
            citus::join(&url, &databases).await?;
        }
        let is_distributed = !workers.is_empty();
        let admin_urls = match self {
            Self::Given(_) => [vec![admin_url], workers].concat(),
            Self::Own(_) => Vec::new(),
        };
        Ok(Database { url: url.into(), name, admin_urls, is_distributed })
    }
}

/// Databases can sort by ICU's rules from PostgreSQL 15 on, if it was built with them.
async fn has_language_rules(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let query = "SELECT current_setting('server_version_num')::int >= 150000
                    AND EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')";
    sqlx::query_scalar(query).fetch_one(connection).await
}

/// Copies a database into an empty one, as a dump that is restored does.
///
/// # Panics
/// If that fails, with what the programs say.
pub fn copy(from: &str, to: &str) {
    let programs = programs::find().unwrap_or_else(|problem| panic!("{problem}"));
    let dump =
        Command::new(programs.join("pg_dump")).args(["--no-owner", from]).stdout(Stdio::piped()).spawn();
    let mut dump = dump.expect("pg_dump starts");
    let mut restore = Command::new(programs.join("psql"));
    restore.args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname", to]).stdout(Stdio::null());
    restore.stdin(dump.stdout.take().expect("it has a pipe"));
    assert!(restore.status().expect("psql starts").success(), "the dump is restored");
    assert!(dump.wait().expect("pg_dump ends").success(), "the database is dumped");
}

/// The role that owns a database, where there is one.
fn owner(database: &str) -> String {
    format!("{database}_owner")
}

/// A server that is given may serve several test processes at once, also from different machines.
fn unused_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("channel_sessions_test_{}_{}_{count}", since_epoch.as_nanos(), process::id())
}

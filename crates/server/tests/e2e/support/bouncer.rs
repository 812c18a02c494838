//! A PgBouncer before a PostgreSQL.
//!
//! The program is found on `PATH` or where Debian has it, or Debian's package is installed where the process may do that.
//! Where there is none all the same, tests that need it have nothing to test.

use std::{
    fs::{self, File, Permissions},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Child, Command, Stdio},
};

use percent_encoding::percent_decode_str;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use tempfile::TempDir;
use url::Url;

use super::timeout::within;

/// A running PgBouncer. Dropped, it is killed.
pub(crate) struct Bouncer {
    process: Child,
    url: Url,
    folder: TempDir,
}

/// For how long a server's connection belongs to a client.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PoolMode {
    /// As long as the client is connected.
    Session,
    /// For one transaction. All clients share one connection, so that they meet what others have left on it.
    Transaction,
}

impl Bouncer {
    /// Starts one before the server of a database; none if there is no such program and none can be installed.
    pub(crate) async fn before(database_url: &str, mode: PoolMode) -> Option<Self> {
        let program = tokio::task::spawn_blocking(program).await.unwrap()?;
        // A port that was free can be taken by the time that it is listened on.
        for _ in 0..10 {
            let mut bouncer = Self::start(&program, &Url::parse(database_url).unwrap(), mode);
            if within("PgBouncer's start", bouncer.listens()).await {
                return Some(bouncer);
            }
        }
        panic!("PgBouncer does not start");
    }

    fn start(program: &str, database: &Url, mode: PoolMode) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("pgbouncer.ini");
        fs::write(&configuration, settings(database, port, mode)).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        // It refuses to run as root.
        if fs::metadata(folder.path()).unwrap().uid() == 0 {
            fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
            command.args(["-u", "nobody"]);
        }
        command.arg(&configuration).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = command.spawn().unwrap();
        let url = format!("postgres://anybody@127.0.0.1:{port}{}", database.path());
        Self { process, url: url.parse().unwrap(), folder }
    }

    /// Waits until it answers; false if it has ended instead.
    async fn listens(&mut self) -> bool {
        // It knows no more of what the driver would set at the start than it is configured to.
        let options = self.url().parse::<PgConnectOptions>().unwrap().extra_float_digits(None);
        loop {
            if let Ok(connection) = options.connect().await {
                connection.close().await.unwrap();
                return true;
            }
            if self.process.try_wait().unwrap().is_some() {
                eprintln!("{}", fs::read_to_string(self.folder.path().join("log")).unwrap());
                return false;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// How to connect to the database through it.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(database: &Url, port: u16, mode: PoolMode) -> String {
    let (mode, size) = match mode {
        PoolMode::Session => ("session", 60),
        PoolMode::Transaction => ("transaction", 1),
    };
    let quoted = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().unwrap();
        format!("'{}'", text.replace('\'', "''"))
    };
    let (host, user) = (database.host_str().unwrap(), database.username());
    let password = database.password().map(|password| format!("password={}", quoted(password)));
    format!(
        "[databases]
         * = host={host} port={} user={} {}
         [pgbouncer]
         listen_addr = 127.0.0.1
         listen_port = {port}
         unix_socket_dir =
         auth_type = any
         pool_mode = {mode}
         default_pool_size = {size}",
        database.port().unwrap_or(5432),
        quoted(user),
        password.unwrap_or_default(),
    )
    .lines()
    .map(|line| format!("{}\n", line.trim()))
    .collect()
}

fn program() -> Option<String> {
    if let Some(program) = installed() {
        return Some(program);
    }
    let as_root: &[&str] = if succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]) {
        &["env"]
    } else if succeeds("sudo", &["-n", "true"]) {
        &["sudo", "-n", "env"]
    } else {
        return None;
    };
    let apt_get = |arguments: &[&str]| {
        // Test processes of other crates may be about the same.
        let settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
        succeeds(as_root[0], &[&as_root[1..], &settings, arguments].concat())
    };
    // A stale list of packages may do, so only the installation counts.
    apt_get(&["update"]);
    apt_get(&["install", "--yes", "--no-install-recommends", "pgbouncer"]);
    installed()
}

fn installed() -> Option<String> {
    let debians = "/usr/sbin/pgbouncer";
    if succeeds("pgbouncer", &["--version"]) {
        Some("pgbouncer".to_owned())
    } else {
        Path::new(debians).is_file().then(|| debians.to_owned())
    }
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.output().is_ok_and(|output| output.status.success())
}

//! A throwaway PostgreSQL cluster, which ends with its owner, and with the test process at the latest.
//!
//! Rust's statics are not dropped, and a process that is killed drops nothing. So the server is not our child
//! but that of a small shell script, which holds one end of a pipe, and cleans up when the other end is gone.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection};
use tokio::{task::spawn_blocking, time};

use super::programs;

/// How to run a cluster.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many connections it allows at once. Too few fail tests that run in parallel; each costs little.
    pub max_connections: u16,
    /// Any of the server's settings, each as `name=value`; they win over the cluster's own.
    pub settings: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_connections: 200, settings: Vec::new() }
    }
}

/// A running PostgreSQL with no data but its own. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    supervisor: Mutex<Supervisor>,
}

/// How long a server may take to start before something must be wrong with it.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

impl Cluster {
    /// Starts a cluster of the newest PostgreSQL that is installed, on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// If there is none, or it does not start within 60 seconds, with its log.
    pub async fn start(options: Options) -> Self {
        Self::try_start(options).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Starts a standby of this cluster, which follows it until it is promoted.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn standby(&self) -> Self {
        let made = Self::make(Options::default(), format!("follow {}", self.port)).await;
        made.unwrap_or_else(|problem| panic!("{problem}"))
    }

    pub(super) async fn try_start(options: Options) -> Result<Self, String> {
        Self::make(options, "init".to_owned()).await
    }

    async fn make(options: Options, how: String) -> Result<Self, String> {
        // Installing and `initdb` take seconds, which a runtime's threads should not wait for.
        let (folder, supervisor) = spawn_blocking(move || {
            let programs = programs::find()?;
            let (folder, mut supervisor) = Supervisor::spawn(&programs, &options)
                .map_err(|error| format!("cannot make a folder and a process for PostgreSQL: {error}"))?;
            match supervisor.run(&how) {
                Ok(()) => Ok((folder, supervisor)),
                Err(problem) => Err(format!("no data could be made: {problem}\n{}", log(&folder))),
            }
        })
        .await
        .map_err(|error| error.to_string())??;

        let mut cluster = Self { folder, port: 0, supervisor: Mutex::new(supervisor) };
        // A port that was free can be taken by the time that the server listens on it.
        for _ in 0..10 {
            cluster.port = free_port().map_err(|error| format!("no port is free: {error}"))?;
            if cluster.launch().await? {
                return Ok(cluster);
            }
        }
        Err(format!("each port was taken before PostgreSQL could listen on it:\n{}", log(&cluster.folder)))
    }

    /// How to connect to one of its databases; `postgres` is there from the start.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Kills the server with all of its processes, whatever they are at: none can finish anything or say a word to its
    /// clients. Returns when they are gone.
    ///
    /// # Panics
    /// If the supervisor is gone.
    pub fn crash(&self) {
        self.run("stop KILL").unwrap_or_else(|problem| panic!("cannot kill PostgreSQL: {problem}"));
    }

    /// Starts the server again after [`Self::crash`], on the same port and with the same data.
    ///
    /// # Panics
    /// If it does not start within 60 seconds, or its port is taken by now.
    pub async fn restart(&self) {
        match self.launch().await {
            Ok(true) => {}
            Ok(false) => panic!("port {} was taken meanwhile", self.port),
            Err(problem) => panic!("{problem}"),
        }
    }

    /// Keeps a copy of the data, as a backup of the files is. The server must not run.
    ///
    /// # Panics
    /// If they cannot be copied.
    pub fn save(&self) {
        self.run("save").unwrap_or_else(|problem| panic!("cannot copy the data: {problem}"));
    }

    /// Puts the copy in the place of the data. The server must not run.
    ///
    /// # Panics
    /// If there is none.
    pub fn restore(&self) {
        self.run("restore").unwrap_or_else(|problem| panic!("cannot restore the data: {problem}"));
    }

    fn run(&self, command: &str) -> Result<(), String> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).run(command)
    }

    /// Starts the server and waits until it answers; false if its port is taken.
    async fn launch(&self) -> Result<bool, String> {
        let log_before = log(&self.folder).len();
        self.run(&format!("start {}", self.port))?;
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            // Whoever answers need not be our server, if somebody else has the port.
            match self.data_folder().await {
                Some(folder) if folder == self.folder.join("data") => return Ok(true),
                Some(_) => return Ok(false),
                None => {}
            }
            let log = log(&self.folder);
            if log.get(log_before..).unwrap_or(&log).contains("could not create any TCP/IP sockets") {
                return Ok(false);
            }
            time::sleep(POLL).await;
        }
        Err(format!("PostgreSQL did not start within {START_TIMEOUT:?}:\n{}", log(&self.folder)))
    }

    /// Where the server that answers keeps its data, if one does.
    async fn data_folder(&self) -> Option<PathBuf> {
        let url = self.url("postgres");
        let answer = async {
            let mut connection = PgConnection::connect(&url).await?;
            let folder: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await?;
            connection.close().await?;
            Ok::<_, sqlx::Error>(folder)
        };
        Some(time::timeout(Duration::from_secs(5), answer).await.ok()?.ok()?.into())
    }
}

/// A port that is free, and none of those that the system gives to outgoing connections: while the server is down, one of
/// them could have its port, even one that seeks the server itself.
fn free_port() -> std::io::Result<u16> {
    const FIRST: u16 = 10_000;
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let end = range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768);
    for _ in 0..1000 {
        let port = fastrand::u16(FIRST..end.max(FIRST + 1));
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(std::io::ErrorKind::AddrInUse.into())
}

fn log(folder: &std::path::Path) -> String {
    let bytes = fs::read(folder.join("log")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The script that owns the server and the folder, and the pipe that keeps it going.
#[derive(Debug)]
struct Supervisor {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    fn spawn(programs: &std::path::Path, options: &Options) -> std::io::Result<(PathBuf, Self)> {
        let folder = tempfile::Builder::new().prefix("channel-sessions-postgres-").tempdir()?;
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("supervisor.sh"), "supervisor"]).arg(folder.path()).arg(programs);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            // What was written outlives the server's processes all the same; the machine's own crash ends the test anyway.
            // `full_page_writes` stays on: of a page that is being written, a process that is killed may leave a half.
            "fsync=off",
            &format!("max_connections={}", options.max_connections),
        ] {
            command.args(["-c", setting]);
        }
        for setting in &options.settings {
            command.args(["-c", setting]);
        }
        // PostgreSQL refuses to run as root.
        if fs::metadata(folder.path())?.uid() == 0 {
            let (user, group) = unprivileged()?;
            chown(folder.path(), Some(user), Some(group))?;
            command.uid(user).gid(group);
        }
        // A process group of its own: the terminal's interrupt must not stop the server before the script.
        command.process_group(0).current_dir(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn()?;
        let commands = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("standard output is a pipe"));
        // From here on, the script is who removes the folder.
        Ok((folder.keep(), Self { process, commands, answers }))
    }

    /// Has the script do something, and waits until it is done.
    fn run(&mut self, command: &str) -> Result<(), String> {
        let mut answer = String::new();
        let commands = self.commands.as_mut().ok_or("the supervisor was asked to end")?;
        writeln!(commands, "{command}")
            .and_then(|()| self.answers.read_line(&mut answer))
            .map_err(|error| format!("the supervisor does not answer: {error}"))?;
        match answer.trim() {
            "0" => Ok(()),
            "" => Err("the supervisor is gone".to_owned()),
            status => Err(format!("exit status {status}")),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.commands.take());
        // Nothing can be done about a script that cannot be waited for.
        drop(self.process.wait());
    }
}

/// The user and group that the server runs as where the tests run as root.
fn unprivileged() -> std::io::Result<(u32, u32)> {
    let number = |option: &str, user: &str| -> Option<u32> {
        let output = Command::new("id").args([option, user]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|user| Some((number("-u", user)?, number("-g", user)?)))
        .ok_or_else(|| {
            std::io::Error::other("there is neither a user postgres nor a user nobody to run it as")
        })
}

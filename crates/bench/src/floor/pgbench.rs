//! PostgreSQL by itself: its own load generator, pgbench, with one prepared statement a transaction.

mod output;

use std::{fs, ops::Range, path::Path, process::Stdio};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStderr, Command},
    sync::oneshot,
    task::JoinHandle,
};

use crate::{
    Failure,
    calls::Call,
    load::{Load, WARM_UP},
    postgres::{Database, Server},
};

/// What each of its clients does, again and again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Script {
    /// The documented update.
    Update,
    /// A session as it stands.
    Select,
}

impl Script {
    fn sql(self) -> &'static str {
        match self {
            Self::Update => include_str!("update.sql"),
            Self::Select => include_str!("select.sql"),
        }
    }
}

/// Threads of pgbench's. All that its clients need is less CPU time than one of them has.
const JOBS: usize = 2;

/// How long pgbench goes on behind what counts, in seconds, so that the window closes under full load. Its time includes
/// that of connecting, which one client does after the other.
fn tail(clients: usize) -> u64 {
    1 + clients as u64 / 64
}

/// A pgbench that is under way. Dropped, it is killed.
pub(crate) struct Running {
    process: Child,
    id: u32,
    problems: JoinHandle<String>,
    /// Holds the script, and the log of transactions.
    folder: TempDir,
}

/// Begins a load of so many clients, each on random ones of the sessions, that can be measured for so many seconds, and
/// returns when it is warm.
pub(crate) async fn start(
    server: &Server,
    database: &Database,
    script: Script,
    clients: usize,
    sessions: Range<u32>,
    seconds: u64,
) -> Result<Running, Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("script.sql");
    fs::write(&file, script.sql())?;
    let mut process = Command::new(server.programs().join("pgbench"))
        .args(["--protocol=prepared", "--no-vacuum"])
        .arg(format!("--client={clients}"))
        .arg(format!("--jobs={}", JOBS.min(clients)))
        .arg(format!("--time={}", WARM_UP.as_secs() + seconds + tail(clients)))
        // It says when it is warm by saying for the first time how far it has come.
        .arg(format!("--progress={}", WARM_UP.as_secs()))
        .arg(format!("--define=first={}", sessions.start))
        .arg(format!("--define=last={}", sessions.end - 1))
        .arg("--log")
        .arg(log_prefix(folder.path()))
        .arg("--file")
        .args([file.as_os_str(), database.url().as_ref()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // The terminal's interrupt is for the process that measures, which ends this one.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let id = process.id().ok_or("pgbench has ended")?;
    let stderr = process.stderr.take().ok_or("standard error is a pipe")?;
    let (warm, is_warm) = oneshot::channel();
    let problems = tokio::spawn(follow(stderr, warm));
    let running = Running { process, id, problems, folder };
    match is_warm.await {
        Ok(()) => Ok(running),
        Err(_) => Err(running.finish().await.err().unwrap_or_else(|| "pgbench has ended".into())),
    }
}

/// Reads what pgbench says to its end, says when it is warm, and returns what is not about progress.
async fn follow(stderr: ChildStderr, warm: oneshot::Sender<()>) -> String {
    let mut warm = Some(warm);
    let mut problems = String::new();
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if !line.starts_with("progress:") {
            problems = problems + &line + "\n";
        } else if let Some(warm) = warm.take() {
            // Nobody waits for it where the measurement was interrupted.
            let _ = warm.send(());
        }
    }
    problems
}

fn log_prefix(folder: &Path) -> String {
    format!("--log-prefix={}", folder.join("log").display())
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Waits for its end, and returns what came of all transactions; fails if one of them has failed.
    pub(crate) async fn finish(self) -> Result<Load, Failure> {
        let ended = self.process.wait_with_output().await?;
        let problems = self.problems.await?;
        if !ended.status.success() {
            return Err(format!("pgbench: {}\n{problems}", ended.status).into());
        }
        let summary = output::Summary::parse(&String::from_utf8_lossy(&ended.stdout))
            .ok_or("pgbench does not say how many transactions it made")?;
        let calls = logged(self.folder.path())?;
        if summary.failed > 0 || summary.processed != calls.len() {
            return Err(format!("pgbench: {summary:?}, and {} in its log\n{problems}", calls.len()).into());
        }
        Ok(Load { calls, acknowledged: Vec::new() })
    }
}

/// All transactions, from the files of all of pgbench's threads.
fn logged(folder: &Path) -> Result<Vec<Call>, Failure> {
    let mut calls = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with("log.") {
            continue;
        }
        for line in fs::read_to_string(entry.path())?.lines() {
            calls.push(output::transaction(line).ok_or_else(|| format!("pgbench logged {line:?}"))?);
        }
    }
    Ok(calls)
}

//! One process of the program.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::canary;

/// A running process. Dropped, it is shown the canary and killed, and its log has to be without it.
pub(crate) struct Process {
    child: Child,
    log: Arc<Mutex<Vec<Value>>>,
    listening: Value,
    reader: JoinHandle<()>,
}

/// How long the rest of a log is waited for.
const READING: Duration = Duration::from_secs(5);

/// Longer than a start ever takes, also on a machine that does much else.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Process {
    /// Starts a command that listens, and waits until it does, and until it has its store, if it is one that needs it.
    pub(crate) fn start(args: &[&str]) -> Self {
        let process = Self::start_without_store(args);
        if args[0] == "serve" {
            process.says("ready");
        }
        process
    }

    /// The same, but for the store.
    pub(crate) fn start_without_store(args: &[&str]) -> Self {
        Self::spawn(Self::command(args))
    }

    /// The same of a command that may be wrapped in another program.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (sender, listening) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let lines = log.clone();
        let reader = thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let line: Value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if line["message"] == "listening" {
                    let _ = sender.send(line.clone());
                }
                lines.lock().unwrap().push(line);
            }
        });
        let started = listening.recv_timeout(TIMEOUT);
        let listening =
            started.unwrap_or_else(|_| panic!("{command:?} does not listen: {:?}", log.lock().unwrap()));
        Self { child, log, listening, reader }
    }

    /// Waits until the process has logged a message, and returns the first such line.
    pub(crate) fn says(&self, message: &str) -> Value {
        self.writes(message, |line| line["message"] == message)
    }

    /// Waits until the process has logged a line that is wanted, and returns the first one. A line is written before its
    /// call is answered, and may be read after that.
    pub(crate) fn writes(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            let log = self.log();
            if let Some(line) = log.iter().find(|line| is_it(line)) {
                return line.clone();
            }
            assert!(since.elapsed() < TIMEOUT, "no {what:?} in {log:#?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends the process a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// The program with these arguments, and nothing else of the environment that could configure it. Its metrics have an
    /// address that nobody else has.
    pub(crate) fn command(args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_channel-sessions"));
        command.args(args).env_clear().env("METRICS_ADDR", "127.0.0.1:0").stdin(Stdio::null());
        command
    }

    /// The address that the process bound for `grpc` or `http`.
    pub(crate) fn address(&self, of: &str) -> SocketAddr {
        self.listening[of].as_str().unwrap().parse().unwrap()
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the process has logged so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }

    /// The process's memory that is resident, at its highest so far, in bytes: beside its program, of which a debug build has
    /// some tens of megabytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let bytes = |name| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
        };
        bytes("VmHWM:") - bytes("RssFile:")
    }

    /// Asks the process to stop, as an operator's tools do.
    pub(crate) fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// Waits for the process to end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let is_running = self.child.try_wait().is_ok_and(|ended| ended.is_none());
        let last = catch_unwind(AssertUnwindSafe(|| {
            if is_running && !thread::panicking() && self.listening["tls"] != "on" {
                canary::show(self.address("http"));
                if !self.listening["metrics"].is_null() {
                    canary::check_metrics(self.address("metrics"));
                }
            }
        }));
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its log ends with it, unless another process still has it.
        let since = Instant::now();
        while !self.reader.is_finished() && since.elapsed() < READING {
            thread::sleep(Duration::from_millis(1));
        }
        if let Err(failed) = last {
            resume_unwind(failed);
        }
        if !thread::panicking() {
            canary::check(&self.log());
        }
    }
}

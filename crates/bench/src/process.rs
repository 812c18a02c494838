//! Processes of the service. They are this program, started again: what is measured is what was built with it.

mod empty;

use std::{
    io::{self, Read, stdin},
    path::Path,
    process::{ExitCode, Stdio},
    thread,
};

use clap::Parser;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{Failure, allocator};

/// The argument that makes this program the service.
const AS_SERVICE: &str = "as-service";

/// The argument that makes it a service that does nothing.
const AS_EMPTY: &str = "as-empty";

/// Any that is free.
const ANY_PORT: &str = "127.0.0.1:0";

/// Runs the service, or one that does nothing, if that is what the arguments ask for.
pub(crate) fn as_service() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let program = arguments.next()?;
    let role = arguments.next().filter(|role| role == AS_SERVICE || role == AS_EMPTY)?;
    thread::spawn(answer);
    if role == AS_EMPTY {
        return Some(empty::run());
    }
    let command = std::iter::once(program).chain(arguments);
    Some(server::cli::Program::parse_from(command).run())
}

/// Says how often the process has asked for memory, as often as it is asked. The other end of standard input is with the
/// process that measures, and closes when that ends, in whatever way; this one ends with it.
fn answer() {
    let mut question = [0];
    while stdin().read_exact(&mut question).is_ok() {
        println!("{}", allocator::count().unwrap_or_default());
    }
    std::process::exit(1);
}

/// This program as the service.
fn own() -> io::Result<Command> {
    let mut program = Command::new(std::env::current_exe()?);
    program.arg(AS_SERVICE);
    Ok(program)
}

fn serve(database_url: &str) -> [&str; 7] {
    ["serve", "--database-url", database_url, "--grpc-addr", ANY_PORT, "--http-addr", ANY_PORT]
}

/// What a process exports and logs of its work.
#[derive(Debug, Default)]
pub(crate) struct Telemetry<'a> {
    /// Whether it has metrics.
    pub(crate) metrics: bool,
    /// The URL of the collector that it sends metrics and traces to, and what part of the traces.
    pub(crate) collector: Option<(&'a str, &'a str)>,
    /// Whether each call has a line in the log.
    pub(crate) lines: bool,
}

/// What the log of a process has: what matters to whoever starts it.
const LOG_LEVEL: &str = "warn,channel_sessions_server=info";

/// A process that listens. Dropped, it is killed.
pub(crate) struct Process {
    _child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    id: u32,
    listening: Value,
}

impl Process {
    /// Starts `serve` on a database, whose tables it makes where there are none.
    pub(crate) async fn serve(database_url: &str) -> Result<Self, Failure> {
        Self::start(own()?, &serve(database_url)).await
    }

    /// The same with further settings.
    pub(crate) async fn serve_with(database_url: &str, settings: &[&str]) -> Result<Self, Failure> {
        Self::start(own()?, &[&serve(database_url), settings].concat()).await
    }

    /// The same with that.
    pub(crate) async fn serve_with_telemetry(
        database_url: &str,
        telemetry: &Telemetry<'_>,
    ) -> Result<Self, Failure> {
        let mut program = own()?;
        program.env_clear();
        if let Some((collector, sampled)) = telemetry.collector {
            program
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
                .env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
                .env("OTEL_TRACES_SAMPLER_ARG", sampled)
                .env("OTEL_METRIC_EXPORT_INTERVAL", "1000");
        }
        let metrics = ["--metrics-addr", if telemetry.metrics { ANY_PORT } else { "off" }];
        let level = if telemetry.lines { "info" } else { LOG_LEVEL };
        Self::start_at(program, &[&serve(database_url)[..], &metrics].concat(), level).await
    }

    /// Starts `serve` of another build of the service, which goes on where this process is killed.
    pub(crate) async fn serve_of(program: &Path, database_url: &str) -> Result<Self, Failure> {
        Self::start(Command::new(program), &serve(database_url)).await
    }

    /// Starts `gateway` in front of a `serve`.
    pub(crate) async fn gateway(serve: &Self) -> Result<Self, Failure> {
        Self::start(own()?, &["gateway", "--grpc-addr", serve.grpc()?, "--http-addr", ANY_PORT]).await
    }

    /// Starts a gRPC server that does nothing.
    pub(crate) async fn empty() -> Result<Self, Failure> {
        let mut program = Command::new(std::env::current_exe()?);
        program.arg(AS_EMPTY);
        Self::start(program, &[]).await
    }

    /// Starts a command and waits until it listens, and until it has its store, if it is one that needs it. From then on
    /// its log goes to standard error.
    async fn start(mut program: Command, arguments: &[&str]) -> Result<Self, Failure> {
        // Nothing of the environment is to configure it.
        program.env_clear().env("METRICS_ADDR", ANY_PORT);
        Self::start_at(program, arguments, LOG_LEVEL).await
    }

    async fn start_at(mut program: Command, arguments: &[&str], level: &str) -> Result<Self, Failure> {
        let mut child = program
            .args(arguments)
            .args(["--log-format", "json", "--log-level", level])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // The terminal's interrupt is for the process that measures, which ends this one.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().ok_or("a process that was just started has ended")?;
        let questions = child.stdin.take().ok_or("standard input is a pipe")?;
        let answers = BufReader::new(child.stdout.take().ok_or("standard output is a pipe")?).lines();
        let stderr = child.stderr.take().ok_or("standard error is a pipe")?;
        let mut lines = BufReader::new(stderr).lines();
        let mut log = Vec::new();
        let mut listening = Value::Null;
        loop {
            let Some(line) = lines.next_line().await? else {
                return Err(format!("`{}` does not listen: {log:?}", arguments.join(" ")).into());
            };
            match serde_json::from_str::<Value>(&line) {
                Ok(fields) if fields["message"] == "listening" => listening = fields,
                Ok(fields) if fields["message"] == "ready" => {}
                _ => {
                    log.push(line);
                    continue;
                }
            }
            if arguments.first() != Some(&"serve") || line.contains("\"ready\"") {
                break;
            }
        }
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                // Of calls there are too many.
                if !line.contains(r#""message":"call""#) {
                    eprintln!("{line}");
                }
            }
        });
        Ok(Self { _child: child, questions, answers, id, listening })
    }

    /// How often it has asked for memory so far.
    pub(crate) async fn allocations(&mut self) -> Result<u64, Failure> {
        self.questions.write_all(b"?").await?;
        let answer = self.answers.next_line().await?.ok_or("a process does not answer")?;
        Ok(answer.parse()?)
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// HOST:PORT of gRPC.
    pub(crate) fn grpc(&self) -> Result<&str, Failure> {
        self.address("grpc")
    }

    /// HOST:PORT of REST.
    pub(crate) fn http(&self) -> Result<&str, Failure> {
        self.address("http")
    }

    /// HOST:PORT of metrics.
    pub(crate) fn metrics(&self) -> Result<&str, Failure> {
        self.address("metrics")
    }

    fn address(&self, of: &str) -> Result<&str, Failure> {
        self.listening[of]
            .as_str()
            .ok_or_else(|| format!("the process does not say its address of {of}").into())
    }
}

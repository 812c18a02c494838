//! The commands.

mod arguments;
mod backup;
mod check;
mod create_key;
mod export;
mod first_screen;
mod gateway;
mod import;
mod listening;
mod migrate;
mod refused;
mod serve;

use std::{ffi::OsString, io, process::ExitCode, sync::Arc};

use clap::{Args, CommandFactory, Parser, Subcommand};
use domain::{
    session::TenantId,
    store::{OpenError, Store},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    config::{
        Access, Browsers, ConnectionAge, Database, GrpcAddr, HttpAddr, Limits, Log, Metrics, Reflection,
        Retention, Rules, Stop, Tenants, Tls, UpstreamTls, environment,
    },
    followed::Followed,
    shutdown::{self, Signals},
    store::{self, opening},
    telemetry::{self, Terminal},
};

/// Keeps the channel sessions of a contact centre and attaches data to them, over gRPC and REST.
///
/// Every flag can be given as the environment variable that is named beside it; a flag wins.
#[derive(Debug, Parser)]
#[command(name = "channel-sessions", version, arg_required_else_help = true)]
pub struct Program {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: Log,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gRPC server and the REST gateway in one process. Brings the database's tables to this version first.
    Serve(Box<Serve>),
    /// Run the REST gateway alone, in front of a gRPC address.
    Gateway(Box<Gateway>),
    /// Bring the database's tables to this version, and end.
    Migrate(Migrate),
    /// Make an API key for the credentials file, and print it once.
    CreateKey(CreateKey),
    /// Store sessions from a file: one JSON document a line, or one JSON array, also as mongoexport writes them.
    ///
    /// Each session is stored whole or not at all. A line that cannot be stored is reported with its number and the
    /// reason, the others are stored, and the command fails at the end.
    Import(Import),
    /// Write all sessions' documents, in the order of their ids.
    ///
    /// `import --raw` takes the result as it is. Sessions that come and go meanwhile may be missed.
    Export(Export),
    /// Copy an SQLite file to another one, also while a service writes to it.
    ///
    /// The copy is the file as it stands at one moment, with events, positions and request ids, and is checked before it is put
    /// in place. To go back to it, stop the service and put it where the file was. PostgreSQL has its own tools for that.
    Backup(Backup),
}

#[derive(Debug, Args)]
struct Serve {
    /// Store the documented session first, if it is not there.
    #[arg(long)]
    sample: bool,
    /// Say whether a start would go well, in a line for each thing that it needs, and end: with 0 if it would, and 1 if not.
    /// Nothing is changed
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    grpc_addr: GrpcAddr,
    #[command(flatten)]
    http_addr: HttpAddr,
    #[command(flatten)]
    tls: Tls,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    reflection: Reflection,
    #[command(flatten)]
    browsers: Browsers,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    tenants: Tenants,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    connection_age: ConnectionAge,
    #[command(flatten)]
    retention: Retention,
    #[command(flatten)]
    metrics: Metrics,
    #[command(flatten)]
    stop: Stop,
}

#[derive(Debug, Args)]
struct Gateway {
    /// Say whether a start would go well and the service is reached, in a line for each thing that it needs, and end: with 0 if it
    /// would, and 1 if not. Nothing is changed
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    grpc_addr: GrpcAddr,
    #[command(flatten)]
    http_addr: HttpAddr,
    #[command(flatten)]
    tls: Tls,
    #[command(flatten)]
    upstream: UpstreamTls,
    #[command(flatten)]
    browsers: Browsers,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    metrics: Metrics,
    #[command(flatten)]
    connection_age: ConnectionAge,
    #[command(flatten)]
    stop: Stop,
}

#[derive(Debug, Args)]
struct Migrate {
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
struct CreateKey {}

/// Whose sessions a command is about.
#[derive(Debug, Args)]
struct Tenant {
    /// Whose sessions: the tenant that callers' keys or tokens name
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,
}

impl Tenant {
    fn id(&self) -> TenantId {
        TenantId::from_stored(&self.tenant)
    }
}

#[derive(Debug, Args)]
struct Import {
    #[command(flatten)]
    import: crate::import::Args,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    export: crate::export::Args,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
struct Backup {
    #[command(flatten)]
    backup: crate::backup::Args,
    #[command(flatten)]
    database: Database,
}

/// How many threads there are at most beside those that serve the network, for each processor: for long work, files and
/// names. Each keeps some memory of what it has done, the more the larger that was. Too few, and they wait for each other.
const MAX_BLOCKING_THREADS: usize = 2;

/// The threads that a command runs on.
fn runtime() -> io::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread().enable_all().max_blocking_threads(MAX_BLOCKING_THREADS * processors).build()
}

/// Why a command ended without doing what it was to do.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Program {
    /// Runs the command that the process was started with. What goes wrong is said on standard error.
    #[must_use]
    pub fn main() -> ExitCode {
        match Self::of(std::env::args_os()) {
            Ok(cli) => cli.run(),
            Err(error) => refused::say(&error),
        }
    }

    /// The command that arguments ask for, of which the first is the program's name.
    ///
    /// # Errors
    /// They ask for none that there is.
    pub(crate) fn of(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments::joined(&Self::command(), arguments))
    }

    /// Runs the command. What goes wrong is said on standard error.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let output = telemetry::start(&self.log);
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        for (variable, setting) in environment::misspelt(&<Self as CommandFactory>::command(), variables) {
            tracing::warn!(variable, setting, "an environment variable looks like a setting and is none");
        }
        let serves = self.command.serves();
        let level = output.level().follow(&self.log);
        let terminal = output.terminal();
        let result = runtime().map_err(Failure::from).and_then(|runtime| {
            if !serves {
                // At once, and not when a thread comes to it: a signal in between would be lost. A process that hears none ends at
                // the first one.
                let _entered = runtime.enter();
                if let Ok(signals) = Signals::listen() {
                    runtime.spawn(shutdown::insist(signals));
                }
            }
            let result = runtime.block_on(self.command.run(level?, terminal));
            // What hangs must not hold up the end of the process.
            runtime.shutdown_background();
            result
        });
        let code = result.unwrap_or_else(|failure| {
            output.fail(&failure, serves);
            ExitCode::FAILURE
        });
        output.flush();
        code
    }
}

impl Command {
    /// Whether it goes on until it is stopped.
    fn serves(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Gateway(_))
    }

    /// Runs it. What says the log's level is followed where the command goes on; a terminal is there where somebody reads one.
    async fn run(self, level: Option<Followed>, terminal: Option<Terminal>) -> Result<ExitCode, Failure> {
        match self {
            Self::Serve(command) => command.run(level, terminal).await,
            Self::Gateway(command) => command.run(level).await,
            Self::Migrate(command) => command.run().await,
            Self::CreateKey(_) => create_key::run(),
            Self::Import(command) => command.run().await,
            Self::Export(command) => command.run().await,
            Self::Backup(command) => command.run().await,
        }
    }
}

/// What a command says that was stopped before it began.
const INTERRUPTED: &str = "interrupted; nothing was changed";

/// Opens the store of a command that works on the sessions, with its tables brought to this version.
async fn open(database: &Database) -> Result<Arc<dyn Store>, OpenError> {
    wait_for(database, async || {
        store::prepare(database).await?;
        store::open(database, None).await
    })
    .await
}

/// Attempts something on a database that may be just starting.
async fn wait_for<T>(
    database: &Database,
    attempt: impl AsyncFn() -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    opening::open(store::target(database), Some(opening::COMMAND_LIMIT), attempt, async |_| {}).await
}

//! The commands.

mod export;
mod gateway;
mod import;
mod migrate;
mod serve;

use std::{io::Write, process::ExitCode, sync::Arc};

use clap::{Args, Parser, Subcommand};
use domain::store::{OpenError, Store};

use crate::{
    config::{Database, GrpcAddr, HttpAddr, Limits, Log, Retention, Rules, Stop},
    store::{self, opening},
    telemetry,
};

/// Keeps the channel sessions of a contact centre and attaches data to them, over gRPC and REST.
///
/// Every flag can be given as the environment variable that is named beside it; a flag wins.
#[derive(Debug, Parser)]
#[command(name = "channel-sessions", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: Log,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gRPC server and the REST gateway in one process. Brings the database's tables to this version first.
    Serve(Serve),
    /// Run the REST gateway alone, in front of a gRPC address.
    Gateway(Gateway),
    /// Bring the database's tables to this version, and end.
    Migrate(Migrate),
    /// Store sessions from a file: one JSON document a line, or one JSON array, also as mongoexport writes them.
    ///
    /// Each session is stored whole or not at all. A line that cannot be stored is reported with its number and the
    /// reason, the others are stored, and the command fails at the end.
    Import(Import),
    /// Write all sessions' documents, in the order of their ids.
    ///
    /// `import --raw` takes the result as it is. Sessions that come and go meanwhile may be missed.
    Export(Export),
}

#[derive(Debug, Args)]
struct Serve {
    /// Store the documented session first, if it is not there.
    #[arg(long)]
    sample: bool,
    #[command(flatten)]
    grpc_addr: GrpcAddr,
    #[command(flatten)]
    http_addr: HttpAddr,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    retention: Retention,
    #[command(flatten)]
    stop: Stop,
}

#[derive(Debug, Args)]
struct Gateway {
    #[command(flatten)]
    grpc_addr: GrpcAddr,
    #[command(flatten)]
    http_addr: HttpAddr,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    stop: Stop,
}

#[derive(Debug, Args)]
struct Migrate {
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
struct Import {
    #[command(flatten)]
    import: crate::import::Args,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    export: crate::export::Args,
    #[command(flatten)]
    database: Database,
}

/// Why a command ended without doing what it was to do.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Cli {
    /// Runs the command. What goes wrong is said on standard error.
    #[must_use]
    pub fn run(self) -> ExitCode {
        telemetry::start(&self.log);
        let result = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(Failure::from)
            .and_then(|runtime| runtime.block_on(self.command.run()));
        match result {
            Ok(code) => code,
            Err(failure) => {
                tracing::debug!(?failure, "the command failed");
                // Not a line of log: whoever typed the command reads this.
                let _ = writeln!(std::io::stderr(), "channel-sessions: {failure}");
                ExitCode::FAILURE
            }
        }
    }
}

impl Command {
    async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Serve(command) => command.run().await,
            Self::Gateway(command) => command.run().await,
            Self::Migrate(command) => command.run().await,
            Self::Import(command) => command.run().await,
            Self::Export(command) => command.run().await,
        }
    }
}

/// What a command says that was stopped before it began.
const INTERRUPTED: &str = "interrupted; nothing was changed";

/// Opens the store of a command that works on the sessions, with its tables brought to this version.
async fn open(database: &Database) -> Result<Arc<dyn Store>, OpenError> {
    wait_for(database, async || {
        store::migrate(database).await?;
        store::open(database).await
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

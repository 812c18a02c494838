//! What runs are made on: databases, and processes of the service on them.

mod cpu;
mod remote;

use std::{path::PathBuf, process};

use tempfile::TempDir;

use super::{
    Options,
    plan::{Among, Group, Series, Side},
};
use crate::{Failure, postgres, process::Process, sqlite};

pub(crate) use cpu::{Cpu, Processes};

/// Everything that the groups need which are measured. Fields are dropped in this order: processes of the service before
/// their databases.
pub(crate) struct Stage {
    few: Option<OnPostgres>,
    many: Option<OnPostgres>,
    remote: Option<OnPostgres>,
    before: Option<OnPostgres>,
    sqlite: Option<OnSqlite>,
    postgres: postgres::Server,
}

struct OnPostgres {
    gateway: Option<Process>,
    serve: Process,
    database: postgres::Database,
    _network: Option<postgres::Network>,
}

struct OnSqlite {
    serve: Process,
    database: sqlite::Database,
    _folder: TempDir,
}

/// The database of a series.
#[derive(Clone, Copy)]
pub(crate) enum Store<'a> {
    Postgres(&'a postgres::Database),
    Sqlite(&'a sqlite::Database),
}

impl Stage {
    /// Starts everything, and stores the sessions.
    pub(crate) async fn set(options: &Options) -> Result<Self, Failure> {
        let connections = options.groups().flat_map(|group| group.callers(options)).max().unwrap_or_default();
        let postgres = postgres::Server::start(connections.try_into()?).await?;
        let mut stage = Self { few: None, many: None, remote: None, before: None, sqlite: None, postgres };
        let postgres = &stage.postgres;
        if options.groups().any(|group| !matches!(group, Group::Sqlite | Group::Remote)) {
            let mut few = OnPostgres::start(postgres.create("few").await?, options.sessions, None).await?;
            if options.has(Group::Updates) || options.has(Group::Hot) {
                few.gateway = Some(Process::gateway(&few.serve).await?);
            }
            stage.few = Some(few);
        }
        if options.has(Group::Many) {
            let database = postgres.create("many").await?;
            stage.many = Some(OnPostgres::start(database, options.many_sessions, None).await?);
        }
        if options.has(Group::Remote) {
            let (database, network) = remote::create(postgres, "remote").await?;
            let remote = OnPostgres::start(database, options.sessions, None).await?;
            stage.remote = Some(OnPostgres { _network: Some(network), ..remote });
        }
        if let (Some(program), true) = (&options.against, options.has(Group::Updates)) {
            let database = postgres.create("before").await?;
            stage.before = Some(OnPostgres::start(database, options.sessions, Some(program)).await?);
        }
        if options.has(Group::Sqlite) {
            stage.sqlite = Some(OnSqlite::start(options.sessions).await?);
        }
        Ok(stage)
    }

    /// The PostgreSQL that all databases are on which are not SQLite's.
    pub(crate) fn postgres(&self) -> &postgres::Server {
        &self.postgres
    }

    /// The database that a series is measured on.
    pub(crate) fn store(&self, series: &Series) -> Result<Store<'_>, Failure> {
        Ok(match series.group {
            Group::Sqlite => Store::Sqlite(&self.sqlite()?.database),
            Group::Updates | Group::Hot | Group::Reads | Group::Many | Group::Remote => {
                Store::Postgres(&self.on(series)?.database)
            }
        })
    }

    /// The `serve` that a series is measured on.
    pub(crate) fn serve(&self, series: &Series) -> Result<&Process, Failure> {
        Ok(match series.group {
            Group::Sqlite => &self.sqlite()?.serve,
            Group::Updates | Group::Hot | Group::Reads | Group::Many | Group::Remote => {
                &self.on(series)?.serve
            }
        })
    }

    /// The `gateway` that a series is measured on.
    pub(crate) fn gateway(&self, series: &Series) -> Result<&Process, Failure> {
        self.on(series)?.gateway.as_ref().ok_or_else(|| "there is no gateway".into())
    }

    /// Where the CPU time of a series is taken, whose load is made by one process, and by this one where there is a network.
    pub(crate) fn processes(&self, series: &Series, load: u32) -> Result<Processes, Failure> {
        let service = match series.side {
            Side::Floor => vec![],
            Side::Grpc | Side::Before | Side::Rest => vec![self.serve(series)?.id()],
            Side::Gateway => vec![self.serve(series)?.id(), self.gateway(series)?.id()],
        };
        let postmaster = match self.store(series)? {
            Store::Postgres(_) => Some(self.postgres.postmaster()),
            Store::Sqlite(_) => None,
        };
        let mut load = vec![load];
        if series.group == Group::Remote && !load.contains(&process::id()) {
            load.push(process::id());
        }
        Ok(Processes { service, postmaster, load })
    }

    fn on(&self, series: &Series) -> Result<&OnPostgres, Failure> {
        let on = match (series.group, series.side, series.among) {
            (Group::Remote, _, _) => &self.remote,
            (_, Side::Before, _) => &self.before,
            (_, _, Among::Few) => &self.few,
            (_, _, Among::Many) => &self.many,
        };
        on.as_ref().ok_or_else(|| "the group was not asked for".into())
    }

    fn sqlite(&self) -> Result<&OnSqlite, Failure> {
        self.sqlite.as_ref().ok_or_else(|| "the group was not asked for".into())
    }
}

impl OnPostgres {
    /// Has `serve`, this build's or that of a program, make its tables, and fills them.
    async fn start(
        database: postgres::Database,
        sessions: u32,
        program: Option<&PathBuf>,
    ) -> Result<Self, Failure> {
        let serve = match program {
            Some(program) => Process::serve_of(program, database.url()).await?,
            None => Process::serve(database.url()).await?,
        };
        database.fill(0..sessions, sessions).await?;
        Ok(Self { gateway: None, serve, database, _network: None })
    }
}

impl OnSqlite {
    async fn start(sessions: u32) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let database = sqlite::Database::within(folder.path());
        let serve = Process::serve(&database.url()).await?;
        database.fill(sessions)?;
        Ok(Self { serve, database, _folder: folder })
    }
}

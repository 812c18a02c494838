//! What runs are made on: databases, and processes of the service on them.

mod cpu;

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
    sqlite: Option<OnSqlite>,
    postgres: postgres::Server,
}

struct OnPostgres {
    gateway: Option<Process>,
    serve: Process,
    database: postgres::Database,
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
        let connections = options.callers.iter().copied().max().unwrap_or_default().max(Group::CALLERS);
        let postgres = postgres::Server::start(connections.try_into()?).await?;
        let mut stage = Self { few: None, many: None, sqlite: None, postgres };
        if options.groups().any(|group| group != Group::Sqlite) {
            let with_gateway = options.has(Group::Updates) || options.has(Group::Hot);
            stage.few = Some(stage.on_postgres("few", options.sessions, with_gateway).await?);
        }
        if options.has(Group::Many) {
            stage.many = Some(stage.on_postgres("many", options.many_sessions, false).await?);
        }
        if options.has(Group::Sqlite) {
            stage.sqlite = Some(OnSqlite::start(options.sessions).await?);
        }
        Ok(stage)
    }

    async fn on_postgres(
        &self,
        name: &'static str,
        sessions: u32,
        with_gateway: bool,
    ) -> Result<OnPostgres, Failure> {
        let database = self.postgres.create(name).await?;
        let serve = Process::serve(database.url()).await?;
        let gateway = if with_gateway { Some(Process::gateway(&serve).await?) } else { None };
        database.fill(0..sessions, sessions).await?;
        Ok(OnPostgres { gateway, serve, database })
    }

    /// The PostgreSQL that all databases are on which are not SQLite's.
    pub(crate) fn postgres(&self) -> &postgres::Server {
        &self.postgres
    }

    /// The database that a series is measured on.
    pub(crate) fn store(&self, series: &Series) -> Result<Store<'_>, Failure> {
        Ok(match series.group {
            Group::Sqlite => Store::Sqlite(&self.sqlite()?.database),
            Group::Updates | Group::Hot | Group::Reads | Group::Many => {
                Store::Postgres(&self.on(series.among)?.database)
            }
        })
    }

    /// The `serve` that a series is measured on.
    pub(crate) fn serve(&self, series: &Series) -> Result<&Process, Failure> {
        Ok(match series.group {
            Group::Sqlite => &self.sqlite()?.serve,
            Group::Updates | Group::Hot | Group::Reads | Group::Many => &self.on(series.among)?.serve,
        })
    }

    /// The `gateway` that a series is measured on.
    pub(crate) fn gateway(&self, series: &Series) -> Result<&Process, Failure> {
        self.on(series.among)?.gateway.as_ref().ok_or_else(|| "there is no gateway".into())
    }

    /// Where the CPU time of a series is taken, whose load is made by one process.
    pub(crate) fn processes(&self, series: &Series, load: u32) -> Result<Processes, Failure> {
        let service = match series.side {
            Side::Floor => vec![],
            Side::Grpc | Side::Rest => vec![self.serve(series)?.id()],
            Side::Gateway => vec![self.serve(series)?.id(), self.gateway(series)?.id()],
        };
        let postmaster = match self.store(series)? {
            Store::Postgres(_) => Some(self.postgres.postmaster()),
            Store::Sqlite(_) => None,
        };
        Ok(Processes { service, postmaster, load })
    }

    fn on(&self, among: Among) -> Result<&OnPostgres, Failure> {
        let on = match among {
            Among::Few => &self.few,
            Among::Many => &self.many,
        };
        on.as_ref().ok_or_else(|| "the group was not asked for".into())
    }

    fn sqlite(&self) -> Result<&OnSqlite, Failure> {
        self.sqlite.as_ref().ok_or_else(|| "the group was not asked for".into())
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

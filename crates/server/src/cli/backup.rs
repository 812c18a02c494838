//! `backup`: a copy of the database, where that is a file.

use std::{io::Write, process::ExitCode};

use super::{Backup, Failure};
use crate::{backup, shutdown::Signals, store};

impl Backup {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        if !store::is_file(&self.database)? {
            let what = "backup copies an SQLite file. PostgreSQL has its own tools: a physical backup with archived WAL, or \
                        pg_dump --format=custom --file=FILE URL; deploy/README.md says how, and how to restore it";
            return Err(what.into());
        }
        let sessions = tokio::select! {
            sessions = backup::run(&self.backup, self.database.url()) => sessions?,
            _ = signals.next() => return Err("interrupted; there is no backup, and nothing is left of it".into()),
        };
        let what = if sessions == 1 { "session" } else { "sessions" };
        writeln!(std::io::stdout(), "backed up {sessions} {what} to {}", self.backup.file.display())?;
        Ok(ExitCode::SUCCESS)
    }
}

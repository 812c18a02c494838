//! `migrate`: the database's tables.

use std::{io::Write, process::ExitCode};

use store_postgres::RowLevelSecurity;

use super::{Failure, INTERRUPTED, Migrate, wait_for};
use crate::{shutdown::Signals, store};

impl Migrate {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        let security = self.database.switch_of_row_level_security();
        let security = security.map_or(RowLevelSecurity::OfNewTables(false), RowLevelSecurity::Switch);
        tokio::select! {
            migrated = wait_for(&self.database, async || store::migrate(&self.database, security).await) => migrated?,
            _ = signals.next() => return Err(INTERRUPTED.into()),
        }
        writeln!(std::io::stdout(), "the database's tables are those of this version")?;
        Ok(ExitCode::SUCCESS)
    }
}

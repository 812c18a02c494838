//! `migrate`: the database's tables.

use std::{io::Write, process::ExitCode};

use super::{Failure, Migrate};
use crate::store;

impl Migrate {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        store::migrate(&self.database).await?;
        writeln!(std::io::stdout(), "the database's tables are those of this version")?;
        Ok(ExitCode::SUCCESS)
    }
}

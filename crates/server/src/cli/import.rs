//! `import`: sessions from a file.

use std::{io, process::ExitCode};

use super::{Failure, INTERRUPTED, Import, open};
use crate::{import, shutdown::Signals};

impl Import {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        // Before a database is made.
        let source = import::open(&self.import)?;
        let store = tokio::select! {
            store = open(&self.database) => store?,
            _ = signals.next() => return Err(INTERRUPTED.into()),
        };
        let (mut out, mut err) = (io::stdout(), io::stderr());
        let tenant = self.tenant.id();
        let imported = tokio::select! {
            imported = import::run(&self.import, source, store.clone(), &tenant, &mut out, &mut err) => Some(imported),
            _ = signals.next() => None,
        };
        // Waits for the batch that is under way.
        store.close().await;
        let Some(report) = imported.transpose()? else {
            return Err("interrupted; run it again with --existing skip to store the rest".into());
        };
        Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

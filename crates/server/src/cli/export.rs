//! `export`: sessions to a file.

use std::{io, process::ExitCode};

use super::{Export, Failure, INTERRUPTED, wait_for};
use crate::{export, shutdown::Signals, store};

impl Export {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        // Tables are not made here: a name that is mistyped would be an empty database, and an empty export.
        let opening = wait_for(&self.database, async || store::open(&self.database, None).await);
        let store = tokio::select! {
            store = opening => store?,
            _ = signals.next() => return Err(INTERRUPTED.into()),
        };
        let unusable =
            |cause| format!("the store cannot be read: {cause}; are its tables there? see `migrate`");
        store.health().await.reads.map_err(unusable)?;
        let (mut out, mut err) = (io::stdout(), io::stderr());
        let tenant = self.tenant.id();
        tokio::select! {
            exported = export::run(&self.export, store.clone(), &tenant, &mut out, &mut err) => exported.map(drop)?,
            _ = signals.next() => return Err("interrupted; nothing that was written is complete".into()),
        }
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

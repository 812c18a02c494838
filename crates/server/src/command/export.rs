//! `export`: sessions to a file.

use std::{io, process::ExitCode};

use domain::session::TenantId;

use super::{Export, Failure, open};
use crate::{export, shutdown::Signals};

impl Export {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        let store = open(&self.database).await?;
        let (mut out, mut err) = (io::stdout(), io::stderr());
        let tenant = TenantId::default();
        tokio::select! {
            exported = export::run(&self.export, store.clone(), &tenant, &mut out, &mut err) => exported.map(drop)?,
            _ = signals.next() => return Err("interrupted; nothing that was written is complete".into()),
        }
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

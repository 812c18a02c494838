//! `create-key`: an API key, and what the credentials file has of it.

use std::{io::Write, process::ExitCode};

use access::credentials::{ApiKey, Digest};

use super::Failure;

/// The key is for whoever calls; it goes to standard output and nowhere else, and cannot be shown again.
pub(super) fn run() -> Result<ExitCode, Failure> {
    let key = ApiKey::generate()?;
    let mut out = std::io::stdout();
    writeln!(out, "key, for the caller alone: {}", key.reveal())?;
    writeln!(out, "for \"keys\" of the credentials file: {}", Digest::of(key.reveal()))?;
    Ok(ExitCode::SUCCESS)
}

//! Where it was measured.

use std::{fs, thread};

use serde::Serialize;

use super::stage::Stage;
use crate::Failure;

/// Facts about the machine and the databases, without which figures say little.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cpus: usize,
    cpu_model: Option<String>,
    memory_mb: Option<f64>,
    kernel: String,
    postgres: String,
    sqlite: &'static str,
}

pub(crate) fn describe(stage: &Stage) -> Result<Machine, Failure> {
    let field = |file, name| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches([':', ' ', '\t']).to_owned())
    };
    let kibibytes = field("/proc/meminfo", "MemTotal:");
    let kibibytes = kibibytes.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    Ok(Machine {
        cpus: thread::available_parallelism()?.get(),
        cpu_model: field("/proc/cpuinfo", "model name"),
        memory_mb: kibibytes.map(|kibibytes| (kibibytes * 1024.0 / 1e6).round()),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        postgres: stage.postgres().version().to_owned(),
        sqlite: rusqlite::version(),
    })
}

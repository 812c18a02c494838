//! The CPU time that those take who have a part in a run.

use std::{io, ops::Sub};

use serde::Serialize;

use crate::proc;

/// CPU time by who took it, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Cpu {
    /// The service's processes. None where it has no part, that is, on the floor.
    pub(crate) service: Option<f64>,
    /// PostgreSQL's. None where the database is SQLite, which has no process of its own: it is part of the service, and on
    /// the floor, of the load.
    pub(crate) postgres: Option<f64>,
    /// The processes that make the load, and the delay of its network.
    pub(crate) load: f64,
}

impl Cpu {
    pub(crate) fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self {
            service: self.service.map(&change),
            postgres: self.postgres.map(&change),
            load: change(self.load),
        }
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        let both = |now: Option<f64>, earlier: Option<f64>| Some(now? - earlier?);
        Self {
            service: both(self.service, earlier.service),
            postgres: both(self.postgres, earlier.postgres),
            load: self.load - earlier.load,
        }
    }
}

/// The processes that have a part in a run.
pub(crate) struct Processes {
    pub(crate) service: Vec<u32>,
    pub(crate) postmaster: Option<u32>,
    pub(crate) load: Vec<u32>,
}

impl Processes {
    /// What they have taken so far.
    pub(crate) fn cpu(&self) -> io::Result<Cpu> {
        let all =
            |processes: &[u32]| processes.iter().copied().map(proc::cpu_seconds).sum::<io::Result<f64>>();
        Ok(Cpu {
            service: if self.service.is_empty() { None } else { Some(all(&self.service)?) },
            postgres: self.postmaster.map(proc::family_cpu_seconds).transpose()?,
            load: all(&self.load)?,
        })
    }
}

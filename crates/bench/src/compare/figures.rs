//! What a run comes to.

use serde::Serialize;

use super::stage::Cpu;
use crate::{
    Failure,
    calls::{Latency, Window},
    load::Load,
};

/// The figures of one run.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figures {
    /// Calls that were answered within the window.
    pub(crate) calls: usize,
    pub(crate) calls_per_second: f64,
    pub(crate) latency_ms: Latency,
    pub(crate) cpu_seconds_per_1000_calls: Cpu,
    /// The most that was resident of `serve`, in MB of a million bytes.
    pub(crate) serve_peak_memory_mb: Option<f64>,
}

impl Figures {
    /// Of a load, of the CPU time that was taken within its window, and of the memory.
    pub(crate) fn of(load: &Load, window: Window, cpu: Cpu, memory: Option<f64>) -> Result<Self, Failure> {
        let calls = window.calls(&load.calls).count();
        let latency = Latency::of(window.calls(&load.calls)).ok_or("no call was answered")?;
        let thousands = calls as f64 / 1000.0;
        Ok(Self {
            calls,
            calls_per_second: calls as f64 / window.seconds(),
            latency_ms: latency,
            cpu_seconds_per_1000_calls: cpu.map(|seconds| seconds / thousands),
            serve_peak_memory_mb: memory,
        })
    }
}

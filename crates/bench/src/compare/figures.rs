//! What a run comes to.

use serde::Serialize;

use super::{bytes::Bytes, stage::Cpu};
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
    /// What updates on PostgreSQL have written, in the whole run: also before and behind the window.
    pub(crate) bytes_per_call: Option<Bytes>,
}

#[cfg(test)]
impl Figures {
    /// Of a run that has nothing but these to report.
    pub(crate) fn example(calls_per_second: f64, p99: f64) -> Self {
        Self {
            calls: 10,
            calls_per_second,
            latency_ms: Latency { p50: 1.0, p99, p99_9: p99 },
            cpu_seconds_per_1000_calls: Cpu { service: None, postgres: Some(0.5), load: 0.25 },
            serve_peak_memory_mb: None,
            bytes_per_call: None,
        }
    }
}

impl Figures {
    /// Of a load, of the CPU time that was taken within its window, of the memory, and of what was written.
    pub(crate) fn of(
        load: &Load,
        window: Window,
        cpu: Cpu,
        memory: Option<f64>,
        bytes: Option<Bytes>,
    ) -> Result<Self, Failure> {
        let calls = window.calls(&load.calls).count();
        let latency = Latency::of(window.calls(&load.calls)).ok_or("no call was answered")?;
        let thousands = calls as f64 / 1000.0;
        Ok(Self {
            calls,
            calls_per_second: calls as f64 / window.seconds(),
            latency_ms: latency,
            cpu_seconds_per_1000_calls: cpu.map(|seconds| seconds / thousands),
            serve_peak_memory_mb: memory,
            bytes_per_call: bytes,
        })
    }
}

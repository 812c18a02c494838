//! What the process takes of its machine, found when it is asked for.

use std::{fmt, time::Instant};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::{
    label::label,
    name::Name,
    names::{self, attribute},
    registered::Registered,
};

#[derive(Debug)]
struct Process {
    began: Instant,
}

/// Registers the process's own metrics.
pub(crate) fn register(registered: &mut Registered) {
    for name in [
        names::PROCESS_CPU,
        names::PROCESS_MEMORY,
        names::PROCESS_FILES,
        names::PROCESS_THREADS,
        names::PROCESS_UPTIME,
    ] {
        registered.known(name);
    }
    registered.registry.register_collector(Box::new(Process { began: Instant::now() }));
}

/// What a system reports of a process.
struct Taken {
    /// In user mode and in the system, in seconds.
    cpu: [f64; 2],
    memory_bytes: i64,
    files: i64,
    threads: i64,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        gauge(&mut encoder, names::PROCESS_UPTIME, &ConstGauge::new(self.began.elapsed().as_secs_f64()))?;
        // A system that does not report them has none of these.
        let Some(taken) = taken() else { return Ok(()) };
        gauge(&mut encoder, names::PROCESS_MEMORY, &ConstGauge::new(taken.memory_bytes))?;
        gauge(&mut encoder, names::PROCESS_FILES, &ConstGauge::new(taken.files))?;
        gauge(&mut encoder, names::PROCESS_THREADS, &ConstGauge::new(taken.threads))?;
        let Name { unit, help, .. } = names::PROCESS_CPU;
        let (stem, unit) = (names::PROCESS_CPU.stem(), unit.of_registry());
        let mut times = encoder.encode_descriptor(&stem, help, unit.as_ref(), MetricType::Counter)?;
        for (mode, seconds) in ["user", "system"].into_iter().zip(taken.cpu) {
            let mode = [label(attribute::CPU_MODE, mode)];
            ConstCounter::new(seconds).encode(times.encode_family(&mode)?)?;
        }
        Ok(())
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: Name, gauge: &impl EncodeMetric) -> fmt::Result {
    let (stem, unit) = (name.stem(), name.unit.of_registry());
    gauge.encode(encoder.encode_descriptor(&stem, name.help, unit.as_ref(), gauge.metric_type())?)
}

#[cfg(target_os = "linux")]
fn taken() -> Option<Taken> {
    use procfs::{process::Process, ticks_per_second};

    let process = Process::myself().ok()?;
    let stat = process.stat().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "it is far from what a double loses")]
    let seconds = |ticks: u64| ticks as f64 / ticks_per_second() as f64;
    Some(Taken {
        cpu: [seconds(stat.utime), seconds(stat.stime)],
        memory_bytes: i64::try_from(stat.rss.checked_mul(procfs::page_size())?).ok()?,
        files: i64::try_from(process.fd_count().ok()?).ok()?,
        threads: stat.num_threads,
    })
}

#[cfg(not(target_os = "linux"))]
fn taken() -> Option<Taken> {
    None
}

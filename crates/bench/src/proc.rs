//! What Linux says of processes under `/proc`: their parents, CPU time and memory.

use std::{fs, io};

/// The unit of CPU times: on all architectures that matter, Linux counts a hundred ticks a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process's parent.
pub(crate) fn parent(process: u32) -> io::Result<u32> {
    stat(process).map(|stat| stat.parent)
}

/// The CPU time that a process has taken so far, in seconds, of all its threads, in user space and in the kernel.
pub(crate) fn cpu_seconds(process: u32) -> io::Result<f64> {
    stat(process).map(|stat| stat.own as f64 / TICKS_PER_SECOND)
}

/// The same of a process, of its children, and of the children that it had.
pub(crate) fn family_cpu_seconds(process: u32) -> io::Result<f64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")? {
        let Some(child) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has ended since is counted with its parent, which comes last.
        if let Ok(stat) = stat(child)
            && stat.parent == process
        {
            ticks += stat.own;
        }
    }
    let parent = stat(process)?;
    Ok((ticks + parent.own + parent.reaped) as f64 / TICKS_PER_SECOND)
}

/// Has a process's peak of resident memory start again.
pub(crate) fn reset_peak_memory(process: u32) -> io::Result<()> {
    fs::write(format!("/proc/{process}/clear_refs"), "5")
}

/// A process's resident memory, in MB of a million bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Memory {
    pub(crate) now: f64,
    pub(crate) peak: f64,
}

/// How much memory of a process is resident, and how much was at its peak.
pub(crate) fn memory(process: u32) -> io::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    parse_memory(&status).ok_or_else(|| unexpected("status", process))
}

/// The machine's memory, in KiB.
pub(crate) fn total_memory_kib() -> io::Result<u64> {
    let memory = fs::read_to_string("/proc/meminfo")?;
    let total = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    total.ok_or_else(|| io::Error::other("/proc/meminfo is not as proc(5) says"))
}

fn stat(process: u32) -> io::Result<Stat> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    Stat::parse(&stat).ok_or_else(|| unexpected("stat", process))
}

fn unexpected(file: &str, process: u32) -> io::Error {
    io::Error::other(format!("/proc/{process}/{file} is not as proc(5) says"))
}

#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    /// Ticks of the process itself.
    own: u64,
    /// Ticks of children that have ended and were waited for.
    reaped: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The name, in parentheses, may hold anything, parentheses too.
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<_> = fields.split_ascii_whitespace().collect();
        // As proc(5) counts fields from 1, the first behind the name is the third.
        let field = |number: usize| fields.get(number - 3);
        let ticks = |number| field(number)?.parse::<u64>().ok();
        Some(Self {
            parent: field(4)?.parse().ok()?,
            own: ticks(14)? + ticks(15)?,
            reaped: ticks(16)? + ticks(17)?,
        })
    }
}

fn parse_memory(status: &str) -> Option<Memory> {
    let megabytes = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
        Some(kibibytes * 1024.0 / 1e6)
    };
    Some(Memory { now: megabytes("VmRSS:")?, peak: megabytes("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_times_are_found_behind_a_name_that_holds_anything() {
        let text =
            "4242 (a) b (c)) S 17 4242 4242 0 -1 4194560 900 800 0 0 250 75 1000 24 20 0 3 0 5577 1 2 3\n";
        assert_eq!(Stat::parse(text), Some(Stat { parent: 17, own: 325, reaped: 1024 }));
        assert_eq!(Stat::parse("4242 (bench) S 17 4242"), None);
    }

    #[test]
    fn memory_is_read_from_its_two_lines() {
        let status =
            "Name:\tbench\nVmPeak:\t  999 kB\nVmHWM:\t   20000 kB\nVmRSS:\t   10000 kB\nThreads:\t3\n";
        assert_eq!(parse_memory(status), Some(Memory { now: 10.24, peak: 20.48 }));
        assert_eq!(parse_memory("Name:\tbench\n"), None);
    }

    #[test]
    fn this_process_has_a_parent_and_has_taken_time() {
        let own = std::process::id();
        assert_eq!(parent(own).unwrap(), std::os::unix::process::parent_id());
        assert!(family_cpu_seconds(own).unwrap() >= cpu_seconds(own).unwrap());
        assert!(memory(own).unwrap().peak > 0.0);
    }
}

//! Whether the memory that the settings grant is there: in the machine, and within the limit of the process's control group
//! (cgroup v2). Looked at once; nothing is refused for it.

use std::{
    fmt, fs,
    path::{Component, Path},
};

use domain::finding::Finding;

/// What the process takes at most beside what the settings grant, in bytes: the formula of `deploy/README.md`, without
/// connections, since hardly anybody has as many as are allowed.
const REST_BYTES: u64 = 200_000_000;

/// A flag, and how many bytes it grants.
pub(crate) type Setting = (&'static str, usize);

/// More memory than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TooMuch<'a> {
    /// What the process may come to take, in bytes.
    granted: u64,
    /// By which settings most of it.
    settings: &'a [Setting],
    /// What there is of it.
    there: u64,
    /// Who says that there is not more.
    by: &'static str,
}

const MACHINE: &str = "the machine has";
const CONTROL_GROUP: &str = "the limit of the control group (memory.max) is";

/// What settings grant that there is not, each with its flag, in bytes.
fn too_much(settings: &[Setting]) -> Option<TooMuch<'_>> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let group = fs::read_to_string("/proc/self/cgroup").ok();
    let group = group.and_then(|text| limit(Path::new("/sys/fs/cgroup"), &text));
    beyond(settings, machine, group)
}

/// The same for a check.
pub(crate) fn finding(settings: &[Setting]) -> Option<Finding> {
    Some(Finding::warning("memory", too_much(settings)?.to_string()))
}

/// Says so in the log.
pub(crate) fn warn_of_too_much(settings: &[Setting]) {
    if let Some(too_much) = too_much(settings) {
        tracing::warn!("{too_much}");
    }
}

fn beyond(settings: &[Setting], machine: Option<u64>, group: Option<u64>) -> Option<TooMuch<'_>> {
    let bytes = settings.iter().map(|(_, bytes)| u64::try_from(*bytes).unwrap_or(u64::MAX));
    let granted = bytes.fold(REST_BYTES, u64::saturating_add);
    let there = [machine.zip(Some(MACHINE)), group.zip(Some(CONTROL_GROUP))];
    let (there, by) = there.into_iter().flatten().min_by_key(|(there, _)| *there)?;
    (granted > there).then_some(TooMuch { granted, settings, there, by })
}

/// The machine's memory, of the text of `/proc/meminfo`.
fn total(meminfo: &str) -> Option<u64> {
    let kib = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix(" kB")?;
    kib.parse::<u64>().ok()?.checked_mul(1024)
}

/// The lowest limit of a control group and those that it is in, where the file system of control groups is. Which one it is says
/// the text of `/proc/self/cgroup`; in a container that may be a name from outside of it.
fn limit(root: &Path, cgroup: &str) -> Option<u64> {
    let own = cgroup.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mut folder = root.to_owned();
    let mut limits = Vec::from_iter(max(&folder));
    for name in Path::new(own).components() {
        if let Component::Normal(name) = name {
            folder.push(name);
            limits.extend(max(&folder));
        }
    }
    limits.into_iter().min()
}

/// A group's own limit, if it has one.
fn max(folder: &Path) -> Option<u64> {
    fs::read_to_string(folder.join("memory.max")).ok()?.trim().parse().ok()
}

impl fmt::Display for TooMuch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { granted, settings, there, by } = self;
        let flags = settings.iter().map(|(flag, _)| *flag).collect::<Vec<_>>().join(" and ");
        let [granted, there] = [granted, there].map(|bytes| bytes >> 20);
        write!(
            f,
            "the process may take {granted} MiB of memory, most of it by {flags}, and {by} {there} MiB: lower that, or it may be \
             killed under load"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_limit_of_all_groups_counts() {
        let root = tempfile::tempdir().expect("a folder");
        let inner = root.path().join("a/b");
        fs::create_dir_all(&inner).expect("folders");
        let set = |folder: &Path, max: &str| fs::write(folder.join("memory.max"), max).expect("a file");
        let found = |cgroup: &str| limit(root.path(), cgroup);
        assert_eq!(found("0::/a/b\n"), None);
        set(&inner, "max\n");
        assert_eq!(found("0::/a/b\n"), None);
        set(&inner, "300\n");
        set(&root.path().join("a"), "200\n");
        assert_eq!(found("4:memory:/x\n0::/a/b\n"), Some(200));
        // A container's own, whatever it is called outside.
        set(root.path(), "100\n");
        assert_eq!((found("0::/"), found("0::/../../x")), (Some(100), Some(100)));
        assert_eq!(found("4:memory:/a\n"), None);
    }

    #[test]
    fn what_is_granted_is_held_to_what_there_is() {
        assert_eq!(total("MemTotal:         2048 kB\nMemFree: 1 kB\n"), Some(2 << 20));
        const GIB: usize = 1 << 30;
        const BOTH: [Setting; 2] = [("--a", GIB), ("--b", GIB)];
        let gib = |count: usize| Some((count * GIB) as u64);
        assert_eq!(beyond(&BOTH, None, None), None);
        assert_eq!(beyond(&BOTH, gib(3), gib(4)), None);
        let said = |machine, group| beyond(&BOTH, machine, group).expect("too much").to_string();
        let warning = said(gib(2), gib(4));
        assert!(
            warning.contains("may take 2238 MiB of memory, most of it by --a and --b")
                && warning.contains("the machine has 2048 MiB"),
            "{warning}"
        );
        let warning = said(gib(4), gib(1));
        assert!(warning.contains("(memory.max) is 1024 MiB"), "{warning}");
        assert!(beyond(&[("--a", usize::MAX), ("--b", 1)], gib(4), None).is_some());
    }
}

//! What pgbench writes.

use crate::calls::{Call, Moment};

/// What it says at its end.
#[derive(Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) processed: usize,
    pub(super) failed: usize,
}

impl Summary {
    pub(super) fn parse(stdout: &str) -> Option<Self> {
        let count = |name| {
            let line = stdout.lines().find_map(|line| line.strip_prefix(name))?;
            // Behind a time limit there is no `/` and no number of those that were wanted.
            line.split_ascii_whitespace().next()?.parse().ok()
        };
        let processed = count("number of transactions actually processed:")?;
        // Before release 15, a transaction that fails ends pgbench, and there is no such line.
        let failed = count("number of failed transactions:").unwrap_or(0);
        Some(Self { processed, failed })
    }
}

/// A line of its log: client, transaction, microseconds that it took, script, seconds and microseconds of its end.
pub(super) fn transaction(line: &str) -> Option<Call> {
    let mut fields = line.split_ascii_whitespace();
    // A transaction that failed or was skipped has a word there.
    let micros = fields.nth(2)?.parse().ok()?;
    let seconds: u64 = fields.nth(1)?.parse().ok()?;
    let at = Moment::new(seconds * 1_000_000 + fields.next()?.parse::<u64>().ok()?);
    Some(Call { at, micros })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_are_counted_as_pgbench_says() {
        let stdout = "\
pgbench (15.13 (Debian 15.13-0+deb12u1))
transaction type: script.sql
scaling factor: 1
query mode: prepared
number of clients: 64
number of threads: 2
maximum number of tries: 1
duration: 7 s
number of transactions actually processed: 31337
number of failed transactions: 2 (0.006%)
latency average = 14.123 ms
initial connection time = 99.123 ms
tps = 4512.345678 (without initial connection time)
";
        assert_eq!(Summary::parse(stdout), Some(Summary { processed: 31337, failed: 2 }));
        let before_15 = "number of transactions actually processed: 5\n";
        assert_eq!(Summary::parse(before_15), Some(Summary { processed: 5, failed: 0 }));
        assert_eq!(Summary::parse("pgbench (15.13)\n"), None);
    }

    #[test]
    fn a_line_of_the_log_is_a_call() {
        let call = transaction("63 17 14123 0 1764028800 000042").unwrap();
        assert_eq!((call.micros, call.at), (14123, Moment::new(1_764_028_800_000_042)));
        assert!(transaction("63 17 failed 0 1764028800 42").is_none());
        assert!(transaction("63 17").is_none());
    }
}

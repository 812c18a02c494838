//! What was measured, as tables in Markdown.

use std::io::{self, Write};

use super::{
    Options, aims,
    bytes::Bytes,
    figures::Figures,
    plan::{Among, Group, Series},
    results::{Ratio, Results},
};
use crate::aim;

/// Prints a table for each group, and one of the aims.
pub(crate) fn print(out: &mut impl Write, results: &Results, options: &Options) -> io::Result<()> {
    for group in options.groups() {
        writeln!(out, "{}:\n", title(group, options))?;
        let calls = if group == Group::Reads { "reads" } else { "updates" };
        writeln!(
            out,
            "| callers | | {calls}/s | ÷ floor | of medians | p50, ms | p99, ms | p99.9, ms | CPU s per 1,000: service | PostgreSQL | \
             load | `serve`, MB | bytes per update: WAL | page images | events |"
        )?;
        writeln!(out, "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
        for (series, _) in results.series().filter(|(series, _)| series.group == group) {
            let Some(medians) = results.medians(series) else { continue };
            let ratio = results.rate_to_floor(series);
            writeln!(out, "{}", row(series, &medians, ratio, options))?;
        }
        writeln!(out)?;
    }
    write!(out, "{}", aim::table(&aims::verdicts(results)))
}

fn title(group: Group, options: &Options) -> String {
    let (few, many) = (thousands(options.sessions.into()), thousands(options.many_sessions.into()));
    match group {
        Group::Updates => format!("Updates of random ones of {few} sessions"),
        Group::Hot => "Updates of one session by all callers".to_owned(),
        Group::Reads => format!("Reads of random ones of {few} sessions; the floor is a SELECT"),
        Group::Sqlite => {
            format!("Updates of random ones of {few} sessions on SQLite; the floor's CPU time is the load's")
        }
        Group::Many => format!("Updates of random ones of {few} and of {many} sessions"),
        Group::Remote => format!(
            "Updates of random ones of {few} sessions, with 1 ms of network and 2 ms more of fsync; the load's CPU time is also \
             the network's"
        ),
    }
}

fn row(series: Series, medians: &Figures, ratio: Option<Ratio>, options: &Options) -> String {
    let Figures { latency_ms: latency, cpu_seconds_per_1000_calls: cpu, .. } = medians;
    let side = match (series.group, series.among) {
        (Group::Many, Among::Few) => format!("{}, {}", series.side, thousands(options.sessions.into())),
        (Group::Many, Among::Many) => format!("{}, {}", series.side, thousands(options.many_sessions.into())),
        _ => series.side.to_string(),
    };
    let optional =
        |value: Option<f64>, decimals| value.map_or_else(|| "–".to_owned(), |it| fixed(it, decimals));
    let bytes = |part: fn(&Bytes) -> f64| {
        medians.bytes_per_call.map_or_else(|| "–".to_owned(), |it| thousands(part(&it)))
    };
    let cells = [
        series.callers.to_string(),
        side,
        thousands(medians.calls_per_second),
        optional(ratio.map(|it| it.of_rounds), 2),
        optional(ratio.map(|it| it.of_medians), 2),
        fixed(latency.p50, 2),
        fixed(latency.p99, 2),
        fixed(latency.p99_9, 2),
        optional(cpu.service, 3),
        optional(cpu.postgres, 3),
        fixed(cpu.load, 3),
        optional(medians.serve_peak_memory_mb, 0),
        bytes(|it| it.wal),
        bytes(|it| it.page_images),
        bytes(|it| it.events),
    ];
    format!("| {} |", cells.join(" | "))
}

fn fixed(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

/// A count with commas between thousands.
fn thousands(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (count, expected) in
            [(0.0, "0"), (999.4, "999"), (999.6, "1,000"), (20_000.0, "20,000"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(thousands(count), expected);
        }
    }
}

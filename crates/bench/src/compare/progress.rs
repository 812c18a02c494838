//! How far the comparison has come, on standard error: a line for each run, and on a terminal a bar below them.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{figures::Figures, plan::Run};

/// It is cleared when dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(runs: usize) -> Self {
        let bar = ProgressBar::new(runs as u64);
        // The template is constant; were it wrong, the bar would only look different.
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left, {msg}") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        bar.set_message("storing sessions");
        Self(bar)
    }

    /// There is more to do than was known.
    pub(crate) fn extend(&self, runs: usize) {
        self.0.inc_length(runs as u64);
    }

    pub(crate) fn begin(&self, run: &Run) {
        self.0.set_message(run.series.to_string());
    }

    pub(crate) fn end(&self, run: &Run, figures: &Figures) {
        let (round, rate, latency) = (run.round, figures.calls_per_second, figures.latency_ms);
        self.0.suspend(|| {
            eprintln!(
                "round {round}, {}: {rate:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
                run.series, latency.p50, latency.p99
            );
        });
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

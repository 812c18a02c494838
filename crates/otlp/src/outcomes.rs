//! What became of what was sent: counted, and logged where it changes.

use std::sync::atomic::{AtomicBool, Ordering};

use telemetry::{Exported, Signal, signal};

use crate::sender::NotTaken;

/// What became of what was sent. That a collector does not take it is logged once, and that it does again.
#[derive(Debug)]
pub(crate) struct Outcomes {
    of: Exported,
    is_outage: AtomicBool,
}

impl Outcomes {
    pub(crate) fn of(of: Exported) -> Self {
        Self { of, is_outage: AtomicBool::new(false) }
    }

    /// Takes note of what became of a message with so many spans or data points.
    pub(crate) fn note(&self, items: usize, sent: &Result<(), NotTaken>) {
        let failed = sent.as_ref().err().map_or(0, |not_taken| not_taken.items.unwrap_or(items).min(items));
        let count = |items, failure| {
            if items > 0 {
                signal(Signal::Exported { of: self.of, items, failure });
            }
        };
        count(items - failed, None);
        count(failed, sent.as_ref().err().map(|not_taken| not_taken.kind));
        let was_outage = self.is_outage.swap(sent.is_err(), Ordering::Relaxed);
        let of = match self.of {
            Exported::Spans => "spans",
            Exported::DataPoints => "metrics",
        };
        match sent {
            Err(NotTaken { said: error, items: None, .. }) if !was_outage => {
                tracing::warn!(error, "the OpenTelemetry collector takes no {of}; they are lost meanwhile");
            }
            Err(NotTaken { said: error, .. }) if !was_outage => {
                tracing::warn!(error, "the OpenTelemetry collector does not take all {of}");
            }
            Ok(()) if was_outage => tracing::info!("the OpenTelemetry collector takes {of} again"),
            Ok(()) | Err(_) => {}
        }
    }
}

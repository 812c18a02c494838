//! How far a command has come, for a person to see: nothing of it appears where standard error is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over the bytes of an input whose size is known, or else a count. It is cleared when dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    verb: &'static str,
}

impl Progress {
    /// Shows how many sessions have been imported or exported, as `verb` says.
    pub(crate) fn new(bytes: Option<u64>, verb: &'static str) -> Self {
        let (bar, template) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), "{wide_bar} {bytes}/{total_bytes}, {eta} left {msg}"),
            None => (ProgressBar::no_length(), "{spinner} {msg}, {elapsed}"),
        };
        // The templates are constant; were one wrong, the bar would only look different.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        let progress = Self { bar, verb };
        progress.set(0, 0);
        progress
    }

    /// Shows how much has been written of so many bytes.
    pub(crate) fn of_bytes(bytes: u64) -> Self {
        Self::new(Some(bytes), "")
    }

    /// Shows nothing.
    pub(crate) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), verb: "" }
    }

    /// Says how far it is.
    pub(crate) fn set(&self, sessions: u64, bytes: u64) {
        self.bar.set_position(bytes);
        if !self.verb.is_empty() {
            self.bar.set_message(format!("{} {sessions}", self.verb));
        }
    }

    /// Writes to the terminal without the bar in the way.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

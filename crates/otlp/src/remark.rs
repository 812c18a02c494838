//! What whoever set OpenTelemetry's variables should know of them.

use std::fmt;

use crate::environment::{Look, look};

/// What whoever set a variable should know of it. Nothing of its value, which may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The variable's name.
    pub variable: String,
    look: Look,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.look {
            Look::Misspelt(meant) => write!(f, "it is no variable of OpenTelemetry's; {meant} is one"),
            Look::Unused(instead) => write!(f, "it is not used here: {instead}"),
            Look::NoBoolean => f.write_str("it says neither true nor false, and counts as false"),
            Look::Unknown => f.write_str("it is not known here"),
        }
    }
}

/// What is to be said of the environment's variables: of names that look misspelt, of what is asked for and not done here, and of
/// what counts as something else than it may be meant as.
#[must_use]
pub fn remarks() -> Vec<Remark> {
    let mut remarks = all();
    remarks.retain(|remark| remark.look != Look::Unknown);
    remarks
}

/// Logs them. Variables that are not known here are mostly those of agents for other languages, which need no line.
pub(crate) fn log() {
    for remark in all() {
        let variable = &remark.variable;
        if remark.look == Look::Unknown {
            tracing::debug!("{variable}: {remark}");
        } else {
            tracing::warn!("{variable}: {remark}");
        }
    }
}

fn all() -> Vec<Remark> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
    look(variables).into_iter().map(|(variable, look)| Remark { variable, look }).collect()
}

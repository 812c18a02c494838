//! A failure of the store, for whoever runs a command.

use std::fmt;

use domain::error::{Error, Outcome};

/// Says what a caller of the service does not get: on the command line there is no log to look it up in.
#[derive(Debug)]
pub struct Failure(pub Error);

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Error::Internal(cause) = &self.0 {
            write!(f, "the store failed: {cause}")?;
        } else if let Error::StoreUnavailable { cause, .. } = &self.0 {
            write!(f, "the store cannot do this now: {cause}")?;
        } else {
            write!(f, "{}", self.0)?;
        }
        match self.0.outcome() {
            Outcome::NotApplied => Ok(()),
            Outcome::Unknown => f.write_str(" (it may have stored this all the same)"),
        }
    }
}

//! How often keys are fetched.

use std::time::Duration;

/// How often keys are fetched.
#[derive(Debug, Clone, Copy)]
pub(in crate::oidc) struct Pace {
    /// While all is well. Too seldom, and a key that was dropped goes on to be valid; too often, and the issuer has work.
    pub(in crate::oidc) interval: Duration,
    /// After a failure, while keys are known.
    pub(in crate::oidc) retry: Duration,
    /// After a failure while there are none, at first and at last: nobody can call until there are.
    pub(in crate::oidc) urgent: [Duration; 2],
    /// At most this often because of tokens with names of keys that are not known. Anybody can make those up.
    pub(in crate::oidc) unknown: Duration,
    /// How long a fetch may take.
    pub(in crate::oidc) timeout: Duration,
    /// How many calls may wait for one.
    pub(in crate::oidc) max_waiting: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(10),
            retry: Duration::from_mins(1),
            urgent: [Duration::from_secs(1), Duration::from_secs(5)],
            unknown: Duration::from_mins(1),
            timeout: Duration::from_secs(5),
            max_waiting: 256,
        }
    }
}

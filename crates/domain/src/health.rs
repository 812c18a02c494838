//! What a store can do right now, of all that callers need.

use std::fmt;

use crate::error::Source;

/// Whether a store answers each kind of call, and why not.
#[derive(Debug, Clone)]
pub struct Health {
    /// Returning sessions, pages of them and their past.
    pub reads: Check,
    /// Executing commands.
    pub writes: Check,
    /// Reading events behind a position.
    pub watches: Check,
}

/// What became of a probe. The cause is for operators, and holds no secret.
pub type Check = Result<(), Source>;

impl Health {
    /// The health of a store of which every kind of call ends alike.
    #[must_use]
    pub fn all(check: Check) -> Self {
        Self { reads: check.clone(), writes: check.clone(), watches: check }
    }

    /// Whether all that callers need is answered.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.checks().iter().all(|(_, check)| check.is_ok())
    }

    fn checks(&self) -> [(&'static str, &Check); 3] {
        [("reads", &self.reads), ("writes", &self.writes), ("watches", &self.watches)]
    }
}

impl fmt::Display for Health {
    /// What is not answered and why, kinds with the same cause together: `writes, watches: the disk is full`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut causes: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, check) in self.checks() {
            let Err(cause) = check else { continue };
            let cause = cause.to_string();
            match causes.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, names)) => names.push(name),
                None => causes.push((cause, vec![name])),
            }
        }
        let parts: Vec<_> =
            causes.iter().map(|(cause, names)| format!("{}: {cause}", names.join(", "))).collect();
        f.write_str(if parts.is_empty() { "all is answered" } else { "" })?;
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_what_is_not_answered_and_each_cause_once() {
        let down = || Err(Source::from("unavailable"));
        assert_eq!(Health::all(down()).to_string(), "reads, writes, watches: unavailable");
        let some = Health { reads: Ok(()), writes: Err(Source::from("the disk is full")), watches: down() };
        assert_eq!(some.to_string(), "writes: the disk is full; watches: unavailable");
        assert!(!some.is_ready());
        let all = Health::all(Ok(()));
        assert!(all.is_ready());
        assert_eq!(all.to_string(), "all is answered");
    }
}

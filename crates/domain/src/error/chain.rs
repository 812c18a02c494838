//! An error with what led to it.

use std::error::Error;

/// An error with the whole chain of its causes, as a log needs it: the outermost of a library's errors often says little. Many
/// errors repeat their causes; those are not said twice.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<Link>>);

    #[test]
    fn causes_are_said_once_and_in_their_order() {
        let inner = Link("connection refused", None);
        let middle = Link("tcp connect error", Some(Box::new(inner)));
        assert_eq!(
            chain(&Link("no answer", Some(Box::new(middle)))),
            "no answer: tcp connect error: connection refused"
        );
        let repeated = Link("no answer: too late", Some(Box::new(Link("too late", None))));
        assert_eq!(chain(&repeated), "no answer: too late");
    }
}

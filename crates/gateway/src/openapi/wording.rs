//! The contract's comments in REST's words. They are written for callers of gRPC; where REST calls something otherwise, they say so
//! in parentheses: `RetryInfo (over REST: ``Retry-After``) says when`, or `(over gRPC: its numbers are doubles)`.

use std::collections::HashMap;

const OVER_REST: &str = " (over REST: ";
const OVER_GRPC: &str = " (over gRPC: ";

/// A text with the words of REST in the place of gRPC's, which is the one before the parenthesis, and without what is about gRPC
/// alone.
pub(super) fn of_rest(text: &str) -> String {
    let mut words = text.to_owned();
    while let Some((before, other, behind)) = parenthesis(&words, OVER_REST) {
        let kept = before.rsplit_once(' ').map_or(String::new(), |(kept, _)| format!("{kept} "));
        words = format!("{kept}{other}{behind}");
    }
    while let Some((before, _, behind)) = parenthesis(&words, OVER_GRPC) {
        words = format!("{before}{behind}");
    }
    words
}

/// What stands before, in and behind the first parenthesis of a kind.
fn parenthesis<'a>(text: &'a str, kind: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (before, rest) = text.split_once(kind)?;
    let (inside, behind) = rest.split_once(')')?;
    Some((before, inside, behind))
}

/// What a comment says that leads to the field of this name of another message, `see UpdateDataRequest`: the same as is said there.
pub(super) fn followed<'a>(name: &str, comments: &'a HashMap<String, String>) -> Option<&'a String> {
    let comment = comments.get(name)?;
    let message = comment.rsplit_once(": see ").and_then(|(_, message)| message.strip_suffix('.'));
    let there = message
        .zip(name.split_once('.'))
        .and_then(|(message, (_, field))| comments.get(&format!("{message}.{field}")));
    Some(there.unwrap_or(comment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rest_calls_otherwise_is_called_so() {
        let text = "RetryInfo (over REST: `Retry-After`) says when, and `message` (over REST: `detail`) why (over gRPC: or none).";
        assert_eq!(of_rest(text), "`Retry-After` says when, and `detail` why.");
        assert_eq!(of_rest("Nothing (of the kind)."), "Nothing (of the kind).");
    }

    #[test]
    fn a_comment_that_leads_elsewhere_says_what_stands_there() {
        let comments = [("A.id", "Which one: see B."), ("B.id", "Which."), ("A.b", "Any: see B.")];
        let comments = comments.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let said = |name| followed(name, &comments).map(String::as_str);
        assert_eq!([said("A.id"), said("A.b"), said("A.c")], [Some("Which."), Some("Any: see B."), None]);
    }
}

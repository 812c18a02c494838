//! Traces: what joins a call, its log lines and the event that comes of it with the rest of its caller's work.

use std::{fmt, num::NonZeroU128};

/// The trace id of a W3C `traceparent`: 16 bytes, not all of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

impl TraceId {
    /// Reads the id itself: 32 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = is_hex(text, 32).then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
        NonZeroU128::new(number).map(Self)
    }

    /// Reads the id out of a `traceparent`: `version-traceid-parentid-flags`. Later versions may say more at the end; a
    /// header that breaks the rules counts as none (W3C Trace Context, sections 3.2 and 4.3).
    #[must_use]
    pub fn of_traceparent(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = match version {
            "00" => parts.next().is_none(),
            _ => is_hex(version, 2) && version != "ff",
        };
        let has_parent = is_hex(parent, 16) && parent.bytes().any(|byte| byte != b'0');
        if is_known && has_parent && is_hex(flags, 2) { Self::parse(trace) } else { None }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn an_id_is_written_as_it_was_read() {
        for text in [TRACE, "00000000000000000000000000000001", "ffffffffffffffffffffffffffffffff"] {
            assert_eq!(TraceId::parse(text).expect("an id").to_string(), text);
        }
    }

    #[test]
    fn what_breaks_the_rules_of_a_traceparent_is_none() {
        let read = |header: &str| TraceId::of_traceparent(header).map(|id| id.to_string());
        for good in [
            format!("00-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-00"),
            format!("cc-{TRACE}-00f067aa0ba902b7-01"),
            format!("cc-{TRACE}-00f067aa0ba902b7-01-what-comes-later"),
        ] {
            assert_eq!(read(&good).as_deref(), Some(TRACE), "{good}");
        }
        for bad in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("0-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-1"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-+{}-00f067aa0ba902b7-01", &TRACE[1..]),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }
}

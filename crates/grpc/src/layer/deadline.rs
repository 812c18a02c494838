//! Honours a call's deadline, and answers it as DEADLINE_EXCEEDED.

use std::time::{Duration, Instant};

use axum::{extract::Request, response::Response};
use domain::{Error, Outcome, caller::Caller, cancel_handle::CancelHandle, violation::Violation};
use http::HeaderMap;

use crate::status;

/// Gives a call until its `grpc-timeout`, or the server's own limit if that is sooner. Reading the request is part of
/// the time. The caller is put among the request's extensions, and what it asks for is cancelled when time is over or
/// it is gone.
///
/// The time ends with the response's head. So a stream may go on for longer than the server's limit, which bounds only
/// how long it takes to begin. What the caller itself allows is its deadline, and the stream keeps to that: only it knows
/// what has become of its work by then. The cancel handle here is none of its own, for it is used when the stream begins.
pub(super) async fn within<F>(
    max: Duration,
    mut caller: Caller,
    mut request: Request,
    call: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let asked = match asked(request.headers()) {
        Ok(asked) => asked,
        Err(refused) => return status::from_error(&refused).into_http(),
    };
    let time = asked.map_or(max, |asked| asked.min(max));
    if time.is_zero() {
        // Polled even once, the call could be on its way to the database.
        return exceeded(Outcome::NotApplied);
    }
    caller.deadline = asked.and_then(|asked| Instant::now().checked_add(asked));
    let cancel = CancelledOnDrop(caller.cancel_handle.clone());
    request.extensions_mut().insert(caller);
    match tokio::time::timeout(time, call(request)).await {
        Ok(response) => response,
        Err(_) => exceeded(cancel.0.cancel()),
    }
}

fn exceeded(outcome: Outcome) -> Response {
    status::from_error(&Error::DeadlineExceeded(outcome)).into_http()
}

/// A handle that cancels when the future that holds it is dropped, which a caller that goes away takes with it.
pub(crate) struct CancelledOnDrop(pub(crate) CancelHandle);

impl Drop for CancelledOnDrop {
    fn drop(&mut self) {
        // Nobody is left to be answered.
        let _ = self.0.cancel();
    }
}

/// The time that a call allows; none if it says nothing.
///
/// # Errors
/// It says something that is no time: its caller would wait for longer than it means to.
fn asked(headers: &HeaderMap) -> Result<Option<Duration>, Error> {
    let Some(header) = headers.get(TIMEOUT) else { return Ok(None) };
    let asked = header.to_str().ok().and_then(parse);
    let description = "must be up to eight digits and a unit of H, M, S, m, u or n, such as 500m";
    let refused = || Error::InvalidParameter(Violation::new(TIMEOUT, "timeout", description));
    asked.map(Some).ok_or_else(refused)
}

const TIMEOUT: &str = "grpc-timeout";

/// Reads a `grpc-timeout` header: up to eight digits and a unit.
fn parse(header: &str) -> Option<Duration> {
    let (digits, unit) = header.split_at_checked(header.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_what_is_not_understood_is_none() {
        assert_eq!(parse("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(parse("3M"), Some(Duration::from_secs(180)));
        assert_eq!(parse("00000004S"), Some(Duration::from_secs(4)));
        assert_eq!(parse("5m"), Some(Duration::from_millis(5)));
        assert_eq!(parse("6u"), Some(Duration::from_micros(6)));
        assert_eq!(parse("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for header in ["", "S", "5", "-5S", "123456789S", "5s", "é", "5é", "+5S"] {
            assert_eq!(parse(header), None, "{header}");
        }
        let asked = |value: &'static str| {
            asked(&HeaderMap::from_iter([(
                http::HeaderName::from_static(TIMEOUT),
                value.parse().expect(value),
            )]))
        };
        assert_eq!(asked("5m").expect("a time"), Some(Duration::from_millis(5)));
        assert!(matches!(asked("zz"), Err(Error::InvalidParameter(_))));
    }
}

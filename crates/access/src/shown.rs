//! What a request shows of who makes it.

use std::sync::Arc;

use http::{Extensions, HeaderMap, header::AUTHORIZATION};
use tls::Certificate;

use crate::Refusal;

/// What a request shows of who makes it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    /// The bearer token of its header. Not of a query: those are in logs and histories.
    pub bearer: Option<&'a str>,
    /// The certificate that its connection began with. Who issued it was checked then.
    pub certificate: Option<&'a Certificate>,
}

/// The longest header that is looked at, in bytes: tokens have some thousand.
const MAX_BYTES: usize = 16 * 1024;

impl<'a> Shown<'a> {
    /// What a request shows with these headers, and with what its connection has put among its extensions.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] where a header is there that says nothing which can be looked at.
    pub fn of(headers: &'a HeaderMap, extensions: &'a Extensions) -> Result<Self, Refusal> {
        let certificate = extensions.get::<Arc<Certificate>>().map(|certificate| &**certificate);
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(Self { bearer: None, certificate }) };
        let text = value.to_str().ok().filter(|text| text.len() <= MAX_BYTES && values.next().is_none());
        let bearer = text.and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            let token = token.trim_start_matches(' ');
            let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            (scheme.eq_ignore_ascii_case("bearer") && is_token).then_some(token)
        });
        Ok(Self { bearer: Some(bearer.ok_or(Refusal::Malformed)?), certificate })
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.bearer.is_none() && self.certificate.is_none()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_token_is_shown_once_and_whole() {
        let none = Extensions::new();
        let fine = [("Bearer abc", "abc"), ("bearer abc.def-g_h=", "abc.def-g_h="), ("BEARER  x", "x")];
        for (header, token) in fine {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(header))]);
            assert_eq!(Shown::of(&headers, &none).expect("a token").bearer, Some(token));
        }
        let long = format!("Bearer {}", "x".repeat(MAX_BYTES));
        for header in ["", "abc", "Bearer", "Bearer ", "Bearer a b", "Basic abc", "Bearer\tabc", &long] {
            let value = HeaderValue::from_str(header).expect("a header");
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
            assert_eq!(Shown::of(&headers, &none).expect_err("no token"), Refusal::Malformed, "{header}");
        }
        let twice = (0..2).map(|_| (AUTHORIZATION, HeaderValue::from_static("Bearer abc")));
        let mut headers = HeaderMap::new();
        for (name, value) in twice {
            headers.append(name, value);
        }
        assert_eq!(Shown::of(&headers, &none).expect_err("two"), Refusal::Malformed);
        assert!(Shown::of(&HeaderMap::new(), &none).expect("nothing").is_nothing());
    }
}

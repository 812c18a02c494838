//! How large headers are, and how large those of a request may be: the same over HTTP/1.1 and HTTP/2, and on both ports.

use http::{HeaderMap, Request};

/// The most that a request's headers may take, its path included, in bytes as HTTP/2 counts them: names, values, and 32
/// bytes for each. Most servers and proxies take as much. Too little, and callers behind proxies that add cookies and tokens
/// are refused; too much, and every connection can fill that much memory before anything is known of its caller.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// How many headers a request may have, as with most servers.
pub const MAX_HEADERS: usize = 100;

/// The metadata of an answer to `Check` of health that says, while the service does not serve, what it waits for.
pub const NOT_READY: &str = "x-not-ready";

/// What headers take, in bytes as HTTP/2 counts a list of them (RFC 9113, section 10.5.1).
#[must_use]
pub fn header_bytes(headers: &HeaderMap) -> usize {
    const OVERHEAD_BYTES: usize = 32;
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + OVERHEAD_BYTES).sum()
}

/// Says what is wrong with a request that has more than it may.
#[must_use]
pub fn excess<B>(request: &Request<B>) -> Option<String> {
    let uri = request.uri();
    let target = uri.path_and_query().map_or(0, |it| it.as_str().len());
    let found = target + header_bytes(request.headers());
    if found > MAX_HEADER_BYTES {
        return Some(format!(
            "path and headers take {found} bytes, with 32 for each header; they may take {MAX_HEADER_BYTES}"
        ));
    }
    let count = request.headers().len();
    (count > MAX_HEADERS).then(|| format!("there are {count} headers; there may be {MAX_HEADERS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: usize, headers: usize, value: usize) -> Request<()> {
        let mut builder = Request::builder().uri(format!("/{}", "a".repeat(path)));
        for at in 0..headers {
            builder = builder.header(format!("h{at:03}"), "v".repeat(value));
        }
        builder.body(()).expect("a request")
    }

    #[test]
    fn path_sizes_and_number_are_bounded() {
        for (path, headers, value) in [(0, 0, 0), (16_000, 0, 0), (0, 1, 16_000), (0, 100, 10)] {
            assert_eq!(excess(&request(path, headers, value)), None, "{path} {headers} {value}");
        }
        for (path, headers, value) in
            [(16_500, 0, 0), (8200, 1, 8200), (0, 1, 16_380), (0, 101, 10), (0, 100, 200)]
        {
            assert!(excess(&request(path, headers, value)).is_some(), "{path} {headers} {value}");
        }
    }
}

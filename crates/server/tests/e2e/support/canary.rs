//! A secret that every process of the suite is given before its end, in all places where one may stand, and that must not be in
//! its log then: no test has to think of it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// What must be in no log, and in no answer to what is refused. It may be the value of a `Password`.
pub(crate) const CANARY: &str = "Canary7f3aB";

/// How long a process may take for its answers: one whose database is unavailable says nothing.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Sends a process the canary as keys, values, documents and headers. Nothing is changed by it.
pub(crate) fn show(address: SocketAddr) {
    let value = format!("\"{CANARY}\"");
    let attribute = |kind: &str, value: &str| format!(r#"[{{"key":"k","type":"{kind}","value":{value}}}]"#);
    let refused = [
        ("PUT", "/forms/no-such-session", attribute("Password", &value)),
        ("PUT", "/forms/no-such-session", attribute("WebChannelData", &format!(r#"{{"a":[{value}]}}"#))),
        ("PUT", "/forms/no-such-session", attribute("Number", &value)),
        ("PUT", "/forms/no-such-session", attribute("String50", &format!("\"{}\"", CANARY.repeat(9)))),
        ("PUT", "/forms/no-such-session", format!(r#"[{{"key":"k","type":"String50","value":"{CANARY}"#)),
        ("PUT", "/forms/no-such-session", CANARY.to_owned()),
        ("PUT", "/channel-sessions/x?validateOnly=true", format!(r#"{{"a":{value},"b":"\u0000"}}"#)),
    ];
    let (answers, is_whole) = exchange(address, &refused);
    assert!(!answers.contains(CANARY), "{answers}");
    if is_whole {
        let validated = format!(r#"{{"validateOnly":true,"attributes":{}}}"#, attribute("Password", &value));
        let taken = [
            ("PUT", "/channel-sessions/x?validateOnly=true", format!(r#"{{"a":{value}}}"#)),
            ("PATCH", "/channel-sessions/64e2f08a6155b317cd3f88fd", validated),
        ];
        exchange(address, &taken);
    }
}

/// Sends requests one behind the other, and returns what comes back, and whether all of it came.
fn exchange(address: SocketAddr, requests: &[(&str, &str, String)]) -> (String, bool) {
    let mut text = String::new();
    for (at, (method, path, body)) in requests.iter().enumerate() {
        let end = if at + 1 == requests.len() { "close" } else { "keep-alive" };
        text += &format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {end}\r\nContent-Type: application/json\r\n\
             Authorization: Bearer chs_{CANARY}\r\nCookie: session={CANARY}\r\nIdempotency-Key: {CANARY}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
    }
    let mut answers = Vec::new();
    // What is stopping, frozen or gone does not answer.
    let exchanged = TcpStream::connect_timeout(&address, TIMEOUT).and_then(|mut stream| {
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.write_all(text.as_bytes())?;
        stream.read_to_end(&mut answers)
    });
    (String::from_utf8_lossy(&answers).into_owned(), exchanged.is_ok())
}

/// Holds what a process exposes of its work to having no canary in it.
pub(crate) fn check_metrics(address: SocketAddr) {
    let (received, _) = exchange(address, &[("GET", "/metrics", String::new())]);
    assert!(!received.contains(CANARY), "{received}");
}

/// Holds all that a process has logged to having no canary in it.
pub(crate) fn check(log: &[Value]) {
    for line in log {
        assert!(!line.to_string().contains(CANARY), "{line}");
    }
}

//! Input that is meant to do harm: each a clear error, memory bounded, and the next good request served.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use channel_session_api::v1::{Attribute, UpdateDataRequest};
use prost_types::{ListValue, value::Kind};
use tonic::codec::CompressionEncoding;

use crate::support::{Failure, Front, Service, Store, on_both_stores, rest::Answer};

on_both_stores!(bodies_over_rest, messages_over_grpc);

const ID: &str = "64e2f08a6155b317cd3f88fd";

/// The documented session is updated again after each attack.
async fn is_well(service: &Service) {
    let answer = service.rest().update(ID, store_testkit::seed::UPDATE_DATA_REQUEST).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (200, 1));
}

/// Far more than the service needs, and far less than what the attacks would take if they were let in.
const MAX_MEMORY: u64 = 160 << 20;

async fn bodies_over_rest(store: Store) {
    let service = Service::with(store, Front::Combined, &["--body-timeout", "2s"]).await;
    let attribute = |value: &str| format!(r#"[{{"key":"k","type":"WebChannelData","value":{value}}}]"#);
    let key = |key: &str| format!(r#"[{{"key":"{key}","type":"Number","value":1}}]"#);
    let bodies: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("50 MiB", vec![b' '; 50 << 20], 413, "REQUEST_TOO_LARGE"),
        ("10,000 attributes", format!("[{}]", vec!["{}"; 10_000].join(",")).into(), 413, "REQUEST_TOO_LARGE"),
        (
            "10,000 levels",
            attribute(&("[".repeat(10_000) + &"]".repeat(10_000))).into(),
            400,
            "INVALID_ATTRIBUTES",
        ),
        ("10,000 levels of list", ("[".repeat(10_000) + &"]".repeat(10_000)).into(), 400, "MALFORMED_BODY"),
        ("10,000 levels, left open", "[".repeat(10_000).into(), 400, "MALFORMED_BODY"),
        (
            "large exponents",
            attribute(&format!("[{}]", vec!["1e131071"; 1000].join(","))).into(),
            400,
            "INVALID_ATTRIBUTES",
        ),
        ("larger exponents", attribute("1e99999999999999999999").into(), 400, "INVALID_ATTRIBUTES"),
        ("U+0000 in a key", key("a\\u0000").into(), 400, "INVALID_ATTRIBUTES"),
        ("U+0000 in a value", attribute(r#"{"a":["\u0000"]}"#).into(), 400, "INVALID_ATTRIBUTES"),
        ("U+0000 in a name", attribute(r#"{"\u0000":1}"#).into(), 400, "INVALID_ATTRIBUTES"),
        ("U+0000 itself", key("a\0").into(), 400, "MALFORMED_BODY"),
        ("a lone surrogate in a key", key("\\ud800").into(), 400, "INVALID_ATTRIBUTES"),
        ("a lone surrogate in a value", attribute(r#""\udfff""#).into(), 400, "INVALID_ATTRIBUTES"),
        ("a lone surrogate in a name", attribute(r#"{"\ud800\u0041":1}"#).into(), 400, "INVALID_ATTRIBUTES"),
        ("a lone surrogate in a member's name", br#"[{"\ud800":1}]"#.to_vec(), 400, "INVALID_ATTRIBUTES"),
        ("invalid UTF-8", b"[{\"key\":\"\xff\"}]".to_vec(), 400, "MALFORMED_BODY"),
        ("an encoded surrogate", b"[{\"key\":\"\xed\xa0\x80\"}]".to_vec(), 400, "MALFORMED_BODY"),
        ("a truncated list", b"[{\"key\":".to_vec(), 400, "MALFORMED_BODY"),
    ];
    for (name, body, status, reason) in bodies {
        let answer: Answer = service.rest().update(ID, body).await;
        assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (status, reason), "{name}");
        is_well(&service).await;
    }

    let head = |length: usize| {
        format!(
            "PUT /forms/{ID} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    // A body that stops arriving is answered when its time is over.
    let answer = exchange(&service, &(head(100) + "[{"), false);
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("DEADLINE_EXCEEDED"), "{answer}");
    is_well(&service).await;
    // A body that ends too soon is answered as long as the caller still listens.
    let answer = exchange(&service, &(head(100) + "[{"), true);
    assert!(answer.is_empty() || answer.contains("MALFORMED_BODY"), "{answer}");
    is_well(&service).await;
    // A caller that asks before it sends is answered before it has sent.
    let expecting = head(50 << 20).replace("host: x", "host: x\r\nexpect: 100-continue");
    let answer = exchange(&service, &expecting, false);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("REQUEST_TOO_LARGE"), "{answer}");
    is_well(&service).await;
    // Nonsense in place of HTTP.
    exchange(&service, "\x16\x03\x01\x02\x00 nonsense\r\n\r\n", true);
    is_well(&service).await;

    assert!(service.server.peak_memory() < MAX_MEMORY, "{} bytes", service.server.peak_memory());
}

/// Sends text as it is and returns all that comes back.
fn exchange(service: &Service, text: &str, close: bool) -> String {
    let mut stream = TcpStream::connect(service.rest().address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    if close {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    // The server may keep the connection open behind its answer, whose body ends with a brace.
    while let Ok(size @ 1..) = stream.read(&mut buffer) {
        answer.extend(&buffer[..size]);
        if answer.ends_with(b"}") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn messages_over_grpc(store: Store) {
    let service = Service::start(store).await;
    let update = |attributes: Vec<Attribute>, json: Option<String>| UpdateDataRequest {
        channel_session_id: ID.to_owned(),
        attributes,
        attributes_json: json,
        ..Default::default()
    };
    let attribute = |value: Option<prost_types::Value>, value_json: Option<&str>| Attribute {
        key: "k".to_owned(),
        r#type: "WebChannelData".to_owned(),
        value,
        value_json: value_json.map(str::to_owned),
    };
    let value = |kind| prost_types::Value { kind: Some(kind) };
    let nested = |depth: usize| {
        (0..depth).fold(value(Kind::BoolValue(true)), |inner, _| {
            value(Kind::ListValue(ListValue { values: vec![inner] }))
        })
    };
    let requests: Vec<(&str, UpdateDataRequest, &str)> = vec![
        ("6 MiB", update(vec![], Some(" ".repeat(6 << 20))), "REQUEST_TOO_LARGE"),
        ("2 MiB", update(vec![], Some(" ".repeat(2 << 20))), "REQUEST_TOO_LARGE"),
        ("10,000 attributes", update(vec![Attribute::default(); 10_000], None), "REQUEST_TOO_LARGE"),
        ("33 levels", update(vec![attribute(Some(nested(33)), None)], None), "INVALID_ATTRIBUTES"),
        ("200 levels", update(vec![attribute(Some(nested(200)), None)], None), "MALFORMED_BODY"),
        (
            "no number",
            update(vec![attribute(Some(value(Kind::NumberValue(f64::NAN))), None)], None),
            "INVALID_ATTRIBUTES",
        ),
        (
            "no kind",
            update(vec![attribute(Some(prost_types::Value { kind: None }), None)], None),
            "INVALID_ATTRIBUTES",
        ),
        ("no JSON", update(vec![attribute(None, Some("{]"))], None), "INVALID_ATTRIBUTES"),
        ("both values", update(vec![attribute(Some(nested(0)), Some("true"))], None), "INVALID_ATTRIBUTES"),
        ("both lists", update(vec![attribute(None, Some("{}"))], Some("[]".to_owned())), "MALFORMED_BODY"),
        (
            "U+0000",
            update(vec![attribute(Some(value(Kind::StringValue("\0".to_owned()))), None)], None),
            "INVALID_ATTRIBUTES",
        ),
        ("large exponents", update(vec![attribute(None, Some("1e131071"))], None), "INVALID_ATTRIBUTES"),
    ];
    let mut client = service.grpc().await;
    for (name, request, reason) in requests {
        let status = client.update_data(request).await.expect_err(name);
        assert_eq!(Failure::from_status(&status).reason, reason, "{name}: {status:?}");
        is_well(&service).await;
    }
    // What is small on the wire and large when unpacked.
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut client = service.grpc().await.send_compressed(encoding);
        let status = client.update_data(update(vec![], Some(" ".repeat(64 << 20)))).await.unwrap_err();
        assert_eq!(Failure::from_status(&status).reason, "REQUEST_TOO_LARGE", "{encoding}: {status:?}");
        assert!(client.update_data(update(vec![], Some("[]".to_owned()))).await.is_ok(), "{encoding}");
    }
    is_well(&service).await;
    assert!(service.server.peak_memory() < MAX_MEMORY, "{} bytes", service.server.peak_memory());
}

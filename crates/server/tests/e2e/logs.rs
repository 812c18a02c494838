//! What the processes say of themselves: enough to follow a request by its id, and nothing of what it holds.

mod lines;
mod unread;

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, Instant},
};

use channel_session_api::v1::{GetChannelSessionRequest, UpdateDataRequest};
use http::Method;
use serde_json::Value;
use tonic::{Request, metadata::MetadataMap};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::{Front, Service, Store, on_both_stores, process::Process, service};

const ID: &str = "64e2f08a6155b317cd3f88fd";
const ONE: &str = r#"[{"key":"k","type":"String50","value":"v"}]"#;
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Longer than a line takes from one process to another, also on a machine that does much else.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The lines that a process has logged under a request id, once there is one. A line is written before the answer goes
/// out; what may take a moment more is its way through the pipe.
async fn lines_of(process: &Process, request_id: &str) -> Vec<Value> {
    let since = Instant::now();
    loop {
        let log = process.log();
        let found: Vec<_> =
            log.iter().filter(|line| line["span"]["request_id"] == request_id).cloned().collect();
        if !found.is_empty() {
            return found;
        }
        assert!(since.elapsed() < TIMEOUT, "no line of {request_id} in {log:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The only line of a request that went well: its end.
async fn end_of(process: &Process, request_id: &str) -> Value {
    let mut lines = lines_of(process, request_id).await;
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!(lines[0]["message"], "call", "{lines:#?}");
    lines.remove(0)
}

fn header<'a>(answer: &'a crate::support::rest::Answer, name: &str) -> &'a str {
    answer.headers[name].to_str().unwrap()
}

fn metadata<'a>(metadata: &'a MetadataMap, name: &str) -> &'a str {
    metadata.get(name).unwrap().to_str().unwrap()
}

#[tokio::test]
async fn a_request_id_leads_from_the_answer_to_the_log_in_one_process() {
    let service = Service::start(Store::Sqlite).await;
    let headers = [("x-request-id", "from-rest"), ("traceparent", TRACEPARENT)];
    let answer = service.rest().send(Method::PUT, &format!("/forms/{ID}"), ONE, &headers).await;
    assert_eq!((answer.status.as_u16(), header(&answer, "x-request-id")), (200, "from-rest"));
    let line = end_of(&service.server, "from-rest").await;
    assert_eq!((&line["outcome"], &line["level"]), (&"200".into(), &"INFO".into()));
    assert_eq!(line["span"]["trace_id"], TRACE_ID);
    assert_eq!(line["span"]["method"], "PUT");
    assert_eq!(line["span"]["path"], format!("/forms/{ID}"));

    // What fails is no different.
    let headers = [("x-request-id", "from-nobody")];
    let answer = service.rest().send(Method::GET, "/channel-sessions/nobody", "", &headers).await;
    assert_eq!((answer.status.as_u16(), header(&answer, "x-request-id")), (404, "from-nobody"));
    assert_eq!(end_of(&service.server, "from-nobody").await["outcome"], "404");
}

#[tokio::test]
async fn a_request_id_leads_through_a_gateway_alone_into_both_logs() {
    let service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let gateway = service.gateway.as_ref().unwrap();
    for (id, path, rest, grpc) in [
        ("found", format!("/forms/{ID}"), "200", "OK"),
        ("not-found", "/forms/nobody".to_owned(), "404", "NOT_FOUND"),
    ] {
        let headers = [("x-request-id", id), ("traceparent", TRACEPARENT)];
        let answer = service.rest().send(Method::PUT, &path, ONE, &headers).await;
        assert_eq!(header(&answer, "x-request-id"), id);
        let line = end_of(gateway, id).await;
        assert_eq!((&line["outcome"], &line["span"]["trace_id"]), (&rest.into(), &TRACE_ID.into()));
        let line = end_of(&service.server, id).await;
        assert_eq!((&line["outcome"], &line["span"]["trace_id"]), (&grpc.into(), &TRACE_ID.into()));
        assert_eq!(line["span"]["method"], "channelsession.v1.ChannelSessionService/UpdateData");
    }
    // An id that the gateway made up goes the same way.
    let answer = service.rest().get(ID).await;
    let id = header(&answer, "x-request-id");
    end_of(gateway, id).await;
    end_of(&service.server, id).await;
}

#[tokio::test]
async fn a_request_id_leads_from_a_grpc_call_to_the_log() {
    let service = Service::start(Store::Sqlite).await;
    let request = |id: &str, session: &str| {
        let message = GetChannelSessionRequest { channel_session_id: session.to_owned(), view: 0 };
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-request-id", id.parse().unwrap());
        request.metadata_mut().insert("traceparent", TRACEPARENT.parse().unwrap());
        request
    };
    let mut client = service.grpc().await;
    let response = client.get_channel_session(request("from-grpc", ID)).await.unwrap();
    assert_eq!(metadata(response.metadata(), "x-request-id"), "from-grpc");
    let line = end_of(&service.server, "from-grpc").await;
    assert_eq!((&line["outcome"], &line["span"]["trace_id"]), (&"OK".into(), &TRACE_ID.into()));

    let status = client.get_channel_session(request("failed-grpc", "nobody")).await.unwrap_err();
    assert_eq!(metadata(status.metadata(), "x-request-id"), "failed-grpc");
    assert_eq!(end_of(&service.server, "failed-grpc").await["outcome"], "NOT_FOUND");
}

#[tokio::test]
async fn a_request_id_that_is_missing_or_silly_is_replaced() {
    let service = Service::start(Store::Sqlite).await;
    let long = "x".repeat(200);
    for silly in [None, Some(""), Some("a b"), Some("a\tb"), Some(&*long)] {
        let headers: Vec<_> = silly.map(|id| ("x-request-id", id)).into_iter().collect();
        let answer = service.rest().send(Method::PUT, &format!("/forms/{ID}"), "[]", &headers).await;
        let id = header(&answer, "x-request-id").to_owned();
        assert!(uuid_like(&id), "{silly:?} became {id}");
        end_of(&service.server, &id).await;
    }
    for silly in [None, Some("a b"), Some(&*long)] {
        let message = GetChannelSessionRequest { channel_session_id: ID.to_owned(), view: 0 };
        let mut request = Request::new(message);
        if let Some(silly) = silly {
            request.metadata_mut().insert("x-request-id", silly.parse().unwrap());
        }
        let response = service.grpc().await.get_channel_session(request).await.unwrap();
        let id = metadata(response.metadata(), "x-request-id").to_owned();
        assert!(uuid_like(&id), "{silly:?} became {id}");
        end_of(&service.server, &id).await;
    }
}

/// Ids that the service makes up are random UUIDs.
fn uuid_like(id: &str) -> bool {
    let lengths: Vec<_> = id.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn a_trace_that_is_not_one_is_not_logged() {
    let service = Service::start(Store::Sqlite).await;
    for (at, silly) in ["nonsense", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "00-12-34-01"]
        .into_iter()
        .enumerate()
    {
        let id = format!("trace-{at}");
        let headers = [("x-request-id", &*id), ("traceparent", silly)];
        let answer = service.rest().send(Method::PUT, &format!("/forms/{ID}"), "[]", &headers).await;
        assert_eq!(answer.status, 200);
        assert_eq!(end_of(&service.server, &id).await["span"]["trace_id"], Value::Null, "{silly}");
    }
}

/// Something that no line would hold by chance.
const MARKER: &str = "Hunter2-aec73f";

on_both_stores!(nothing_that_a_request_holds_is_logged);

async fn nothing_that_a_request_holds_is_logged(store: Store) {
    let service = Service::with(store, Front::Alone, &[]).await;
    let rest = service.rest();
    let attribute =
        |value_type: &str, value: &str| format!(r#"[{{"key":"k","type":"{value_type}","value":{value}}}]"#);
    let text = format!("\"{MARKER}\"");
    // Good and bad ones: wrong types, wrong JSON, members and types that there are not, values that are too long.
    let bodies = [
        (200, attribute("Password", &text)),
        (200, attribute("WebChannelData", &format!(r#"{{"{MARKER}":[{text}]}}"#))),
        (400, attribute("Number", &text)),
        (400, attribute("Password", &format!("[{text},\"{}\"]", MARKER.to_lowercase()))),
        (400, attribute("String50", &format!("\"{}\"", MARKER.repeat(9)))),
        (400, attribute(MARKER, "1")),
        (400, attribute("WebChannelData", &format!(r#"{{"{MARKER}":"\u0000"}}"#))),
        (400, format!(r#"[{{"key":{text},"type":"Boolean","value":{text},{text}:1}}]"#)),
        (400, format!(r#"[{{"key":"k","type":"String50","value":"{MARKER}"#)),
        (400, format!(r#"[{{"key":"k","type":"String50","value":"{MARKER}{}"}}]"#, '\u{1}')),
        (400, format!("{MARKER}={MARKER}")),
        (400, text.clone()),
    ];
    for (status, body) in bodies {
        let answer = rest.update(ID, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {answer:?}");
        // The same as the caller would send it over gRPC.
        let request = UpdateDataRequest {
            channel_session_id: ID.to_owned(),
            attributes_json: Some(body.clone()),
            ..Default::default()
        };
        let result = service.grpc().await.update_data(request).await;
        assert_eq!(result.is_ok(), status == 200, "{body}: {result:?}");
    }
    for (status, document) in [
        (201, format!(r#"{{"id":"new","secret":{text},{text}:[]}}"#)),
        (409, format!(r#"{{"id":"new","secret":{text}}}"#)),
        (400, format!(r#"{{"secret":{text}}}"#)),
        (400, format!(r#"{{"id":"bad","{MARKER}":"\u0000"}}"#)),
        (400, format!(r#"{{"id":"bad","a":{MARKER}}}"#)),
    ] {
        let answer = rest.create(document.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{document}: {answer:?}");
    }
    // A stored value that the service cannot do anything with is no exception.
    rest.create(format!(r#"{{"id":"malformed","channelData":{text}}}"#)).await;
    assert_eq!(rest.update("malformed", ONE).await.status, 409);
    // What is no part of the contract may hold secrets all the same.
    let secrets = [("authorization", MARKER), ("cookie", MARKER), ("content-type", "text/plain")];
    let answer = rest.send(Method::PUT, &format!("/forms/{ID}?token={MARKER}"), MARKER, &secrets).await;
    assert_eq!(answer.status, 415);

    let gateway = service.gateway.as_ref().unwrap();
    let last = [("x-request-id", "the-last")];
    rest.send(Method::GET, &format!("/channel-sessions/{ID}"), "", &last).await;
    for process in [gateway, &service.server] {
        // Lines come in the order in which they were written, so all of the others are there now.
        lines_of(process, "the-last").await;
        let log = process.log();
        assert!(log.len() > 20, "{log:#?}");
        for line in log {
            assert!(!line.to_string().contains(MARKER), "{line}");
        }
    }
}

#[tokio::test]
async fn every_line_is_a_json_object_where_nobody_watches() {
    let service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let answer = service.rest().get("nobody").await;
    let id = header(&answer, "x-request-id");
    for process in [service.gateway.as_ref().unwrap(), &service.server] {
        lines_of(process, id).await;
        for line in process.log() {
            for member in ["timestamp", "level", "message", "target"] {
                assert!(line[member].is_string(), "{line}");
            }
        }
    }
}

#[test]
fn text_is_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let args = [&["serve", "--log-format", "text", "--database-url", &url], &addresses[..]].concat();
    let mut child = Process::command(&args).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        let is_last = line.contains("listening");
        lines.push(line);
        if is_last {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in &lines {
        assert!(serde_json::from_str::<Value>(line).is_err(), "{line}");
        // Colours are for terminals.
        assert!(!line.contains('\u{1b}'), "{line}");
    }
    let last = lines.last().map_or("", String::as_str);
    assert!(last.contains("INFO listening") && last.contains("http=127.0.0.1:"), "{lines:?}");
}

#[tokio::test]
async fn probes_leave_no_lines() {
    let service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let rest = service.rest();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(rest.send(Method::GET, path, "", &[]).await.status, 200);
    }
    let mut health = HealthClient::new(service::channel(service.server.address("grpc")).await);
    health.check(HealthCheckRequest::default()).await.unwrap();

    let last = [("x-request-id", "the-last")];
    rest.send(Method::GET, &format!("/channel-sessions/{ID}"), "", &last).await;
    for process in [service.gateway.as_ref().unwrap(), &service.server] {
        lines_of(process, "the-last").await;
        let calls: Vec<_> = process.log().into_iter().filter(|line| line["message"] == "call").collect();
        assert_eq!(calls.len(), 1, "{calls:#?}");
    }
}

//! Each error that the description of the REST interface lists is provoked, and none that it does not.

use std::{collections::BTreeSet, sync::Arc};

use domain::Reason;
use gateway::Operation;
use http::Method;

use super::{cases::USED, general::Failing, hold_to, rest_only};
use crate::support::{
    Description, Front, Rest, Service, Sse, Store, description::Failed, guarded::Guarded, on_both_stores,
    process::Process, rest::JSON,
};

on_both_stores!(every_described_error_can_be_provoked, the_examples_are_answered_as_described);

async fn every_described_error_can_be_provoked(store: Store) {
    let service = Service::start(store).await;
    let description = Arc::new(Description::of(&service.rest()).await);
    let rest = service.rest().described(&description);
    hold_to(&service, &rest).await;
    rest_only::hold_to(&rest).await;
    of_every_operation(&rest).await;
    of_every_body(&rest).await;
    of_every_session(&service, &rest).await;
    let guarded = Guarded::start(store, Front::Combined, &[]).await;
    let without = guarded.service.rest().described(&description);
    for operation in gateway::operations() {
        send(&without, &operation, "x", &[]).await;
    }
    not_ready(&description).await;
    for reason in [Reason::Internal, Reason::Overloaded, Reason::StoreUnavailable, Reason::DeadlineExceeded] {
        of_every_call(&description, reason, |_| true).await;
    }
    for reason in [Reason::PositionExpired, Reason::NotSupported] {
        of_every_call(&description, reason, |operation| operation.path == "/events").await;
    }

    drop((rest, without));
    let (described, seen) = (description.described(), Arc::into_inner(description).unwrap().seen());
    assert!(described.len() > 150, "{described:?}");
    let missing: BTreeSet<&Failed> = described.difference(&seen).collect();
    assert!(missing.is_empty(), "described, and not provoked: {missing:#?}");
}

/// Each example once, in an order in which all succeed, and once more for an answer without the document.
async fn the_examples_are_answered_as_described(store: Store) {
    let service = Service::start(store).await;
    let description = Arc::new(Description::of(&service.rest()).await);
    let rest = service.rest().described(&description);
    let watch = Sse::open(&rest, "channelSessionId=my-session").await;
    let in_order = [
        "createChannelSession",
        "getChannelSession",
        "listChannelSessions",
        "updateForm",
        "updateData",
        "batchUpdateData",
        "endChannelSession",
        "listChannelSessionHistory",
        "putChannelSession",
        "deleteChannelSession",
    ];
    let operations = gateway::operations();
    for prefer in [&[][..], &[("prefer", "return=minimal")]] {
        for id in in_order {
            let operation = operations.iter().find(|operation| operation.id == id).unwrap();
            let path = operation.path.replace("{channelSessionId}", "my-session");
            let body = description.example(id).map(ToString::to_string).unwrap_or_default();
            let headers = [&JSON, prefer].concat();
            let answer = rest.send(operation.method.clone(), &path, body, &headers).await;
            assert!(answer.status.is_success(), "{id}: {answer:?}");
        }
    }
    // Of a session that is deleted, that is the error that comes at the latest.
    let mut watch = watch;
    let mut names = Vec::new();
    while names.last().is_none_or(|name| name != "CHANNEL_SESSION_DELETED") {
        let message = watch.next().await;
        description.fits(&Description::named("ChannelSessionEvent"), &message.data);
        names.push(message.event);
    }
    for path in ["/", "/docs", "/healthz", "/readyz", "/openapi.json"] {
        for accept in ["*/*", "text/html,application/xhtml+xml"] {
            let answer = rest.send(Method::GET, path, "", &[("accept", accept)]).await;
            assert_eq!(answer.status, 200, "{path}");
        }
    }
    for path in ["/openapi.json", "/docs"] {
        let answer = rest.send(Method::GET, path, "", &[]).await;
        let etag = answer.headers["etag"].to_str().unwrap();
        assert_eq!(rest.send(Method::GET, path, "", &[("if-none-match", etag)]).await.status, 304, "{path}");
        let answer = rest.send(Method::GET, path, "", &[("if-none-match", "\"other\"")]).await;
        assert_eq!((answer.status.as_u16(), answer.body.is_empty()), (200, false), "{path}");
    }
}

/// A body that an operation takes; empty where it takes none.
fn body(operation: &Operation) -> &'static str {
    match operation.id {
        "updateForm" => "[]",
        "endChannelSession" => r#"{"reasonCode":"AGENT"}"#,
        "createChannelSession" => r#"{"id":"new"}"#,
        _ if operation.body.is_some() => "{}",
        _ => "",
    }
}

async fn send(rest: &Rest, operation: &Operation, id: &str, headers: &[(&str, &str)]) {
    let path = operation.path.replace("{channelSessionId}", id);
    let headers = [&JSON, headers].concat();
    rest.send(operation.method.clone(), &path, body(operation), &headers).await;
}

/// What is around all of them, and an id that is none.
async fn of_every_operation(rest: &Rest) {
    let large = "x".repeat(20_000);
    for operation in gateway::operations() {
        let without_effect = if operation.method.is_safe() { "if-match" } else { "validate-only" };
        for header in [("x-large", &*large), (without_effect, "1"), ("host", "evil.example")] {
            send(rest, &operation, "x", &[header]).await;
        }
        if operation.path.contains('{') {
            send(rest, &operation, "%2e%2e", &[]).await;
        }
    }
}

async fn of_every_body(rest: &Rest) {
    let large = " ".repeat(5 << 20);
    for operation in gateway::operations().into_iter().filter(|operation| operation.body.is_some()) {
        let path = operation.path.replace("{channelSessionId}", "x");
        for (body, content_type) in [
            ("", "application/json"),
            ("[", "application/json"),
            (&large, "application/json"),
            ("{}", "text/plain"),
        ] {
            let headers = [("content-type", content_type)];
            rest.send(operation.method.clone(), &path, body.to_owned(), &headers).await;
        }
    }
}

/// What depends on a session, where the table has no case of the operation.
async fn of_every_session(service: &Service, rest: &Rest) {
    for operation in gateway::operations().into_iter().filter(|it| it.path.contains('{')) {
        let is_stored = operation.id == "putChannelSession";
        send(rest, &operation, "nobody", if is_stored { &[("if-match", "*")] } else { &[] }).await;
    }
    let other = [("content-type", "application/json"), ("if-match", "\"7\"")];
    let used = [("content-type", "application/json"), ("idempotency-key", USED)];
    let absent = [("content-type", "application/json"), ("if-none-match", "*")];
    let large = format!(r#"{{"id":"large","x":"{}"}}"#, "x".repeat(2 << 20));
    let one = r#"[{"key":"k","type":"Number","value":1}]"#;
    let one_in_full = format!(r#"{{"attributes":{one}}}"#);
    // What ends it adds to the document.
    let ends = format!(r#"{{"id":"ends","x":"{}"}}"#, "x".repeat((2 << 20) - 22));
    service.create("ends", &ends).await;
    for (method, path, body, headers) in [
        (Method::POST, "/channel-sessions", r#"{"id":""}"#, &JSON[..]),
        (Method::POST, "/channel-sessions", r#"{"id":"nobody"}"#, &other),
        (Method::POST, "/channel-sessions", r#"{"id":"there"}"#, &absent),
        (Method::POST, "/channel-sessions", r#"{"id":"there"}"#, &used),
        (Method::PUT, "/channel-sessions/there", "[]", &JSON),
        (Method::PUT, "/channel-sessions/large", &large, &JSON),
        (Method::PUT, "/channel-sessions/there", "{}", &absent),
        (Method::PUT, "/channel-sessions/there", "{}", &other),
        (Method::PUT, "/channel-sessions/there", "{}", &used),
        (Method::POST, "/channel-sessions/ends/end", r#"{"reasonCode":"AGENT"}"#, &JSON),
        (Method::PATCH, "/channel-sessions/there", r#"{"attributes":[{}]}"#, &JSON),
        (Method::PATCH, "/channel-sessions/full", &one_in_full, &JSON),
        (Method::PATCH, "/channel-sessions/almost", &one_in_full, &JSON),
        (Method::PATCH, "/channel-sessions/ended", "{}", &JSON),
        (Method::PATCH, "/channel-sessions/no-list", &one_in_full, &JSON),
        (Method::PATCH, "/channel-sessions/there", "{}", &other),
        (Method::PATCH, "/channel-sessions/there", &one_in_full, &used),
    ] {
        rest.send(method, path, body.to_owned(), headers).await;
    }
}

/// A gateway whose service answers every call with an error.
async fn of_every_call(
    description: &Arc<Description>,
    reason: Reason,
    is_meant: impl Fn(&Operation) -> bool,
) {
    let failing = Failing::with(reason).await;
    let gateway = gateway(&failing.address.to_string());
    let rest = Rest::new(gateway.address("http")).described(description);
    let operations = gateway::operations();
    for operation in operations.iter().filter(|operation| !operation.is_open && is_meant(operation)) {
        send(&rest, operation, "x", &[]).await;
    }
}

/// A gateway before an address where there is no service.
async fn not_ready(description: &Arc<Description>) {
    let nowhere = Failing::with(Reason::Internal).await.address;
    let gateway = gateway(&nowhere.to_string());
    let rest = Rest::new(gateway.address("http")).described(description);
    assert!(!rest.is_ready().await);
}

fn gateway(grpc: &str) -> Process {
    Process::start(&["gateway", "--lame-duck", "0s", "--grpc-addr", grpc, "--http-addr", "127.0.0.1:0"])
}

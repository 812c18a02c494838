//! Requests: those that do not end, those that become far more than was sent.

use std::io::Write;

use bytes::Bytes;
use channel_session_api::v1::{ChannelSessionView, CreateChannelSessionRequest, GetChannelSessionRequest};
use futures_util::future::join_all;
use http::HeaderMap;
use tonic::Code;

use super::{beside_a_good_caller, service};
use crate::support::{
    Failure, Front, Service, Store,
    http2::{Call, Connection, framed},
    on_both_stores,
    rest::Answer,
    size::short_or_full,
};

on_both_stores!(
    messages_that_do_not_end,
    messages_to_health_and_reflection_that_do_not_end,
    tiny_parts_of_small_messages,
    numbers_that_are_written_out,
    large_bodies_of_many_parts_one_after_the_other,
    the_largest_documents_have_room_in_the_smallest_budget,
);

async fn messages_that_do_not_end(store: Store) {
    let service = service(store).await;
    for answer in beside_a_good_caller(&service, async || send_messages_that_do_not_end(&service).await).await
    {
        let code = answer.expect_err("half of a message is none").code();
        assert!([Code::ResourceExhausted, Code::DeadlineExceeded].contains(&code), "{code:?}");
    }
}

/// They are small where they are taken, and end in time as others do.
async fn messages_to_health_and_reflection_that_do_not_end(store: Store) {
    let service = service(store).await;
    let attack = async || {
        let mut answers = Vec::new();
        for method in [
            "/grpc.health.v1.Health/Check",
            "/grpc.health.v1.Health/Watch",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            for bytes in [4_190_000, 60_000] {
                answers.extend(send_half(&service, method, bytes, 50).await);
            }
        }
        answers
    };
    for answer in beside_a_good_caller(&service, attack).await {
        // A stream's answer has begun before a message has come.
        let Err(status) = answer else { continue };
        let expected = [Code::ResourceExhausted, Code::OutOfRange, Code::DeadlineExceeded];
        assert!(expected.contains(&status.code()), "{status:?}");
    }
}

async fn tiny_parts_of_small_messages(store: Store) {
    let service = service(store).await;
    for answer in beside_a_good_caller(&service, async || send_tiny_parts(&service).await).await {
        let reason = Failure::from_status(&answer.expect_err("it is too large")).reason;
        assert!(["REQUEST_TOO_LARGE", "OVERLOADED"].contains(&&*reason), "{reason}");
    }
}

async fn numbers_that_are_written_out(store: Store) {
    let service = service(store).await;
    let answers = beside_a_good_caller(&service, async || send_short_numbers(&service).await).await;
    for answer in &answers {
        let reason = answer.failure().reason;
        assert!(["DOCUMENT_TOO_LARGE", "OVERLOADED"].contains(&&*reason), "{reason}");
    }
    assert!(answers.iter().any(|answer| answer.failure().reason == "DOCUMENT_TOO_LARGE"));
}

/// What each leaves behind is used again by the next: more large pieces come and go here than there is room for at once.
async fn large_bodies_of_many_parts_one_after_the_other(store: Store) {
    const CALLERS: usize = 64;
    const BYTES: usize = 4 << 20;
    let service = service(store).await;
    let bodies = [
        "[".repeat(BYTES - 10),
        format!(r#"{{"id":"x","a":[{}1]}}"#, "[],".repeat((BYTES - 100) / 3)),
        format!(r#"{{"id":"x","a":[{}1]}}"#, "1,".repeat((BYTES - 100) / 2)),
    ];
    let bodies = bodies.map(Bytes::from);
    let rest = service.rest();
    let attack = async || {
        let mut answers = Vec::new();
        for body in bodies.iter().cycle().take(short_or_full(18, 36)) {
            answers.extend(join_all((0..CALLERS).map(|_| rest.create(body.clone()))).await);
        }
        answers
    };
    for answer in beside_a_good_caller(&service, attack).await {
        let reason = answer.failure().reason;
        let expected = ["DOCUMENT_TOO_LARGE", "MALFORMED_BODY", "OVERLOADED", "DEADLINE_EXCEEDED"];
        assert!(expected.contains(&&*reason), "{reason}");
    }
}

/// As large as they may be, of as many parts as that holds, with as much white space: each where it comes alone.
async fn the_largest_documents_have_room_in_the_smallest_budget(store: Store) {
    let budget = format!("{}MiB", budget::Budget::MIN_BYTES >> 20);
    let service = Service::with(store, Front::Combined, &["--memory-budget", &budget]).await;
    // The store keeps a few characters for what it adds.
    let numbers = (2 << 20) / 2 - 100;
    let spaces = " ".repeat((2 << 20) - 100);
    let shapes = [
        format!(r#"{{"a":[{}0]{spaces}}}"#, "0,".repeat(numbers)),
        format!(r#"{{"a":[{}{{}}]{spaces}}}"#, "{},".repeat((2 << 20) / 3 - 100)),
    ];
    let mut client = service.grpc().await.max_decoding_message_size(usize::MAX);
    for (at, shape) in shapes.into_iter().enumerate() {
        let (rest, grpc) = (format!("rest-{at}"), format!("grpc-{at}"));
        let path = format!("/channel-sessions/{rest}");
        let headers = [("content-type", "application/json")];
        let answer = service.rest().send(http::Method::PUT, &path, shape.clone(), &headers).await;
        assert_eq!(answer.status, 201, "{at}: {}", answer.body);
        assert_eq!(service.rest().get(&rest).await.status, 200, "{at}");
        let request = CreateChannelSessionRequest {
            channel_session_id: grpc.clone(),
            document_json: Some(shape),
            view: ChannelSessionView::Basic.into(),
            ..Default::default()
        };
        client.create_channel_session(request).await.unwrap();
        for view in [ChannelSessionView::Json, ChannelSessionView::Full] {
            let request = GetChannelSessionRequest { channel_session_id: grpc.clone(), view: view.into() };
            client.get_channel_session(request).await.unwrap();
        }
        let updated = service.rest().update(&rest, r#"[{"key":"n","type":"Number","value":1}]"#).await;
        assert!(updated.status.is_success() || updated.failure().reason == "DOCUMENT_TOO_LARGE", "{at}");
    }
}

/// Many times four megabytes but for the last byte.
pub(super) async fn send_messages_that_do_not_end(
    service: &Service,
) -> Vec<Result<HeaderMap, tonic::Status>> {
    send_half(service, "UpdateData", 4_190_000, short_or_full(200, 1000)).await
}

/// So many messages of a size, each but for its last byte.
async fn send_half(
    service: &Service,
    method: &str,
    bytes: usize,
    count: usize,
) -> Vec<Result<HeaderMap, tonic::Status>> {
    const CALLS: usize = 50;
    let message = framed(false, &vec![0; bytes]);
    let half = message.slice(..message.len() - 1);
    let address = service.server.address("grpc");
    let connections = join_all((0..count / CALLS).map(|_| Connection::open(address, 65_535))).await;
    let mut calls = Vec::new();
    for connection in &connections {
        for _ in 0..CALLS {
            calls.push(connection.call(method, &[], Some(half.clone()), false).await);
        }
    }
    join_all(calls.into_iter().map(Call::status)).await
}

/// Four kilobytes of gzip are four megabytes, which would be two million structs.
pub(super) async fn send_tiny_parts(service: &Service) -> Vec<Result<HeaderMap, tonic::Status>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&[0x0a, 0].repeat(2_000_000)).unwrap();
    let message = framed(true, &encoder.finish().unwrap());
    assert!(message.len() < 10_000);
    let connection = Connection::open(service.server.address("grpc"), 65_535).await;
    let mut calls = Vec::new();
    for _ in 0..short_or_full(8, 100) {
        let headers = [("grpc-encoding", "gzip")];
        calls.push(connection.call("BatchUpdateData", &headers, Some(message.clone()), true).await);
    }
    join_all(calls.into_iter().map(Call::status)).await
}

/// Four megabytes of numbers of five characters, each of which is one of four hundred when it is written out.
pub(super) async fn send_short_numbers(service: &Service) -> Vec<Answer> {
    let body = Bytes::from(format!(r#"{{"id":"x","n":[{}1]}}"#, "1e399,".repeat(690_000)));
    let rest = service.rest();
    let mut answers = Vec::new();
    for _ in 0..short_or_full(1, 8) {
        answers.extend(join_all((0..8).map(|_| rest.create(body.clone()))).await);
    }
    answers
}

//! Requests: those that do not end, those that become far more than was sent.

use std::io::Write;

use bytes::Bytes;
use futures_util::future::join_all;
use http::HeaderMap;
use tonic::Code;

use super::{beside_a_good_caller, service};
use crate::support::{
    Failure, Service, Store,
    http2::{Call, Connection, framed},
    on_both_stores,
    rest::Answer,
    size::short_or_full,
};

on_both_stores!(messages_that_do_not_end, tiny_parts_of_small_messages, numbers_that_are_written_out);

async fn messages_that_do_not_end(store: Store) {
    let service = service(store).await;
    for answer in beside_a_good_caller(&service, async || send_messages_that_do_not_end(&service).await).await
    {
        let code = answer.expect_err("half of a message is none").code();
        assert!([Code::ResourceExhausted, Code::DeadlineExceeded].contains(&code), "{code:?}");
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

/// Many times four megabytes but for the last byte.
pub(super) async fn send_messages_that_do_not_end(
    service: &Service,
) -> Vec<Result<HeaderMap, tonic::Status>> {
    let message = framed(false, &vec![0; 4_190_000]);
    let half = message.slice(..message.len() - 1);
    let address = service.server.address("grpc");
    let connections = join_all((0..short_or_full(4, 20)).map(|_| Connection::open(address, 65_535))).await;
    let mut calls = Vec::new();
    for connection in &connections {
        for _ in 0..50 {
            calls.push(connection.call("UpdateData", &[], Some(half.clone()), false).await);
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

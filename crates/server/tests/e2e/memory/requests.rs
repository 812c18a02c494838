//! Requests: those that do not end, those that become far more than was sent.

use std::io::Write;

use bytes::Bytes;
use futures_util::future::join_all;
use tonic::Code;

use super::{beside_a_good_caller, service};
use crate::support::{
    Failure, Service, Store,
    http2::{Call, Connection, framed},
    on_both_stores,
};

on_both_stores!(messages_that_do_not_end, tiny_parts_of_small_messages, numbers_that_are_written_out);

/// Two hundred times four megabytes but for the last byte.
async fn messages_that_do_not_end(store: Store) {
    let service = service(store).await;
    let address = service.server.address("grpc");
    let message = framed(false, &vec![0; 4_190_000]);
    let half = message.slice(..message.len() - 1);
    let attack = async {
        let connections = join_all((0..4).map(|_| Connection::open(address, 65_535))).await;
        let mut calls = Vec::new();
        for connection in &connections {
            for _ in 0..50 {
                calls.push(connection.call("UpdateData", &[], Some(half.clone()), false).await);
            }
        }
        join_all(calls.into_iter().map(Call::status)).await
    };
    for answer in beside_a_good_caller(&service, attack).await {
        let code = answer.expect_err("half of a message is none").code();
        assert!([Code::ResourceExhausted, Code::DeadlineExceeded].contains(&code), "{code:?}");
    }
}

/// Four kilobytes of gzip are four megabytes, which would be two million structs.
async fn tiny_parts_of_small_messages(store: Store) {
    let service = Service::start(store).await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&[0x0a, 0].repeat(2_000_000)).unwrap();
    let message = framed(true, &encoder.finish().unwrap());
    assert!(message.len() < 10_000);
    let connection = Connection::open(service.server.address("grpc"), 65_535).await;
    let attack = async {
        let mut calls = Vec::new();
        for _ in 0..8 {
            let headers = [("grpc-encoding", "gzip")];
            calls.push(connection.call("BatchUpdateData", &headers, Some(message.clone()), true).await);
        }
        join_all(calls.into_iter().map(Call::status)).await
    };
    for answer in beside_a_good_caller(&service, attack).await {
        let reason = Failure::from_status(&answer.expect_err("it is too large")).reason;
        assert!(["REQUEST_TOO_LARGE", "OVERLOADED"].contains(&&*reason), "{reason}");
    }
}

/// Four megabytes of numbers of five characters, each of which is one of four hundred when it is written out.
async fn numbers_that_are_written_out(store: Store) {
    let service = service(store).await;
    let body = Bytes::from(format!(r#"{{"id":"x","n":[{}1]}}"#, "1e399,".repeat(690_000)));
    let rest = service.rest();
    let attack = async { join_all((0..8).map(|_| rest.create(body.clone()))).await };
    let answers = beside_a_good_caller(&service, attack).await;
    for answer in &answers {
        let reason = answer.failure().reason;
        assert!(["DOCUMENT_TOO_LARGE", "OVERLOADED"].contains(&&*reason), "{reason}");
    }
    assert!(answers.iter().any(|answer| answer.failure().reason == "DOCUMENT_TOO_LARGE"));
}

//! The errors that the gRPC framework makes itself, and those that are too many for a status.

use channel_session_api::v1::UpdateDataRequest;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::{Failure, Front, Service, Store, raw, service::channel};

#[tokio::test]
async fn what_the_framework_finds_has_a_reason_too() {
    let service = Service::start(Store::Sqlite).await;
    let address = service.server.address("grpc");
    let cases: [(&str, &[u8], &str, Code, &str); 10] = [
        ("UpdateDate", b"", "identity", Code::Unimplemented, "NOT_FOUND"),
        ("UpdateData", b"\xff\xff\xff", "identity", Code::InvalidArgument, "MALFORMED_BODY"),
        // Field 1, three bytes, which are not UTF-8.
        ("UpdateData", b"\x0a\x03a\xffb", "identity", Code::InvalidArgument, "MALFORMED_BODY"),
        ("UpdateData", b"", "br", Code::Unimplemented, "UNSUPPORTED_MEDIA_TYPE"),
        // A view that there is not, and what to do with a session that exists.
        ("UpdateData", b"\x0a\x01x\x20\x63", "identity", Code::InvalidArgument, "INVALID_PARAMETER"),
        ("GetChannelSession", b"\x0a\x01x\x10\x63", "identity", Code::InvalidArgument, "INVALID_PARAMETER"),
        ("ListChannelSessions", b"\x18\x63", "identity", Code::InvalidArgument, "INVALID_PARAMETER"),
        (
            "EndChannelSession",
            b"\x0a\x01x\x12\x01r\x20\x63",
            "identity",
            Code::InvalidArgument,
            "INVALID_PARAMETER",
        ),
        (
            "CreateChannelSession",
            b"\x0a\x01x\x1a\x02{}\x28\x09",
            "identity",
            Code::InvalidArgument,
            "INVALID_PARAMETER",
        ),
        ("UpdateData", &[0; 5 << 20], "identity", Code::OutOfRange, "REQUEST_TOO_LARGE"),
    ];
    for (method, message, encoding, code, reason) in cases {
        let status = raw::call(address, method, message, &[("grpc-encoding", encoding)]).await;
        assert_eq!(status.code(), code, "{method} {encoding}: {status:?}");
        assert_eq!(Failure::from_status(&status).reason, reason, "{method} {encoding}");
    }
}

#[tokio::test]
async fn the_health_of_what_there_is_not_has_a_reason_too() {
    let service = Service::start(Store::Sqlite).await;
    let mut health = HealthClient::new(channel(service.server.address("grpc")).await);
    let status = health.check(HealthCheckRequest { service: "nobody".to_owned() }).await.unwrap_err();
    assert_eq!((status.code(), &*Failure::from_status(&status).reason), (Code::NotFound, "NOT_FOUND"));
}

#[tokio::test]
async fn many_violations_are_cut_to_what_clients_take_and_counted() {
    let service = Service::start(Store::Sqlite).await;
    let attribute = format!(r#"{{"key":"{}","type":"no such type","value":1}}"#, "💬".repeat(255));
    let body = format!("[{}]", vec![attribute; 100].join(","));
    let answer = service.rest().update("x", body.clone()).await;
    let problem = answer.failure();
    assert_eq!((problem.total, problem.violations.len()), (100, 100), "an answer over REST has room for all");

    let request = UpdateDataRequest {
        channel_session_id: "x".to_owned(),
        attributes_json: Some(body.clone()),
        ..Default::default()
    };
    let status = service.grpc().await.update_data(request).await.unwrap_err();
    let failure = Failure::from_status(&status);
    assert_eq!(failure.total, 100);
    let listed = failure.violations.len();
    assert!((1..100).contains(&listed), "{listed}");
    assert_eq!(failure.violations, problem.violations[..listed]);

    // A gateway alone has what came over the network, and says how much that is.
    let service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    assert_eq!(service.rest().update("x", body).await.failure(), failure);
}

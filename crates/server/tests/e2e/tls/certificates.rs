//! Callers that are known by their certificates.

use http::{Method, StatusCode};
use serde_json::json;
use tonic::Code;

use super::{ID, get, start};
use crate::support::{Failure, Secure, Watch, caller::set, watch::everything};

const ALL: [&str; 3] = ["channel-sessions:read", "channel-sessions:write", "channel-sessions:delete"];

/// A credentials file of these callers, each with its tenant, scopes and the name of its certificate.
fn file(callers: &[(&str, &str, &[&str], &str)]) -> String {
    let callers = callers.iter().map(|(name, tenant, scopes, certificate)| {
        json!({"name": name, "tenant": tenant, "scopes": scopes, "certificates": [certificate]})
    });
    json!({ "callers": callers.collect::<Vec<_>>() }).to_string()
}

#[tokio::test]
async fn nobody_is_served_without_a_certificate_that_is_trusted() {
    let secure = Secure::new();
    let service = start(&secure.mutual()).await;
    let [grpc, http] = ["grpc", "http"].map(|of| service.server.address(of));
    let own = secure.authority.issue(&["anybody.example.com"]);
    secure.grpc(grpc, Some(&own)).await.unwrap().get_channel_session(get()).await.unwrap();
    assert_eq!(secure.rest(http, Some(&own)).get(ID).await.revision(), 1);
    let foreign = Secure::new().authority.issue(&["anybody.example.com"]);
    let expired = secure.authority.expired(&["anybody.example.com"]);
    for own in [None, Some(&foreign), Some(&expired)] {
        // With TLS 1.3 a caller may hear of it with its first call only.
        if let Ok(mut client) = secure.grpc(grpc, own).await {
            client.get_channel_session(get()).await.unwrap_err();
        }
        secure.rest(http, own).try_send(Method::GET, "/healthz", "", &[]).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_certificate_says_who_calls_for_as_long_as_the_file_does() {
    let secure = Secure::new();
    let named = [
        ("ivr", "default", &ALL[..], "DNS:ivr.example.com"),
        ("reader", "default", &ALL[..1], "URI:spiffe://example.com/reader"),
        ("other", "elsewhere", &ALL[..], "DNS:other.example.com"),
    ];
    let path = secure.write("credentials.json", &file(&named));
    let mut flags = secure.mutual();
    let more = ["--authn", "client-certificates", "--credentials-file", path.to_str().unwrap()];
    flags.extend(more.map(ToOwned::to_owned));
    let service = start(&flags).await;
    let [grpc, http] = ["grpc", "http"].map(|of| service.server.address(of));
    let own = ["ivr.example.com", "spiffe://example.com/reader", "other.example.com", "nobody.example.com"]
        .map(|name| secure.authority.issue(&[name]));
    let [ivr, reader, other, nobody] = own.each_ref().map(Some);

    let reading = secure.grpc(grpc, reader).await.unwrap();
    let mut watch = Watch::start(&reading, everything("")).await;
    let mut writing = secure.grpc(grpc, ivr).await.unwrap();
    writing.update_data(set(ID, "info", "String100", r#""a""#)).await.unwrap();
    assert_eq!(watch.next().await.requester, "ivr");
    let body = r#"[{"key":"info","type":"String100","value":"b"}]"#;
    let answer = secure.rest(http, ivr).update(ID, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(watch.next().await.requester, "ivr");

    let update = async |own| {
        let mut client = secure.grpc(grpc, own).await.unwrap();
        let status = client.update_data(set(ID, "info", "String100", r#""c""#)).await.unwrap_err();
        let answer = secure.rest(http, own).update(ID, body).await;
        assert_eq!(Failure::from_status(&status).reason, answer.failure().reason);
        (status.code(), answer.status.as_u16())
    };
    assert_eq!(update(reader).await, (Code::PermissionDenied, 403));
    assert_eq!(update(other).await, (Code::NotFound, 404));
    assert_eq!(update(nobody).await, (Code::Unauthenticated, 401));
    // A token that is not known is not made good by a certificate that is.
    let headers = [("authorization", "Bearer chs_unknown"), ("content-type", "application/json")];
    let path_of_form = format!("/forms/{ID}");
    let answer = secure.rest(http, ivr).send(Method::PUT, &path_of_form, body, &headers).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    // Who is not named any more is refused on connections that are open, and what goes on ends.
    secure.write("credentials.json", &file(&named[2..]));
    service.server.says("the credentials file was read again");
    let status = writing.update_data(set(ID, "info", "String100", r#""d""#)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(watch.try_next().await.unwrap_err().code(), Code::Unauthenticated);
}

//! Calls over TLS: who is served, whose certificate is shown, and who calls by a certificate.

mod certificates;
mod reach;
mod replaced;

use channel_session_api::v1::GetChannelSessionRequest;
use http::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    Front, Rest, Secure, Service, Store, http2::Connection, process::Process, timeout::within,
};

const ID: &str = "64e2f08a6155b317cd3f88fd";

/// A service with these flags, which own their texts.
async fn start(flags: &[String]) -> Service {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    Service::with(Store::Sqlite, Front::Combined, &flags).await
}

fn get() -> GetChannelSessionRequest {
    GetChannelSessionRequest { channel_session_id: ID.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn both_addresses_speak_tls_and_tell_those_who_do_not() {
    let secure = Secure::new();
    let service = start(&secure.flags()).await;
    let [grpc, http] = ["grpc", "http"].map(|of| service.server.address(of));
    secure.grpc(grpc, None).await.unwrap().get_channel_session(get()).await.unwrap();
    let answer = secure.rest(http, None).get(ID).await;
    assert_eq!(answer.revision(), 1);

    for address in [grpc, http] {
        let mut plain = TcpStream::connect(address).await.unwrap();
        plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut said = String::new();
        within("an answer", plain.read_to_string(&mut said)).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 400 Bad Request\r\n") && said.contains("speaks TLS"), "{said}");
    }
    // Over HTTP/2 its library has the same to show, and that the call reached nobody.
    for address in [grpc, http] {
        let plain = Connection::open(address, 65_535).await;
        let refused = within("an answer", plain.get("/healthz").await.response).await.unwrap_err();
        assert!(refused.is_go_away() && refused.is_remote(), "{refused:?}");
        assert_eq!(refused.reason(), Some(h2::Reason::INADEQUATE_SECURITY));
        assert!(refused.to_string().contains("This port speaks TLS"), "{refused}");
    }
    // Another authority's, and another name's.
    Secure::new().grpc(grpc, None).await.unwrap_err();
    let elsewhere = Rest::secure(http, Secure::new().client(None));
    elsewhere.try_send(Method::GET, "/healthz", "", &[]).await.unwrap_err();
    service.server.says("a connection was refused");
}

#[tokio::test]
async fn those_who_say_nothing_hold_nobody_up() {
    let secure = Secure::new();
    let mut service = start(&secure.flags()).await;
    let http = service.server.address("http");
    let mut silent = Vec::new();
    for at in 0..300 {
        let mut stream = TcpStream::connect(http).await.unwrap();
        // Half of them begin, and go no further.
        if at % 2 == 0 {
            stream.write_all(&[0x16, 3, 1]).await.unwrap();
        }
        silent.push(stream);
    }
    let answer = secure.rest(http, None).get(ID).await;
    assert_eq!(answer.status, StatusCode::OK);
    // Nor do they hold up the stop, though they would have ten seconds.
    service.server.ask_to_stop();
    let stopped = tokio::task::spawn_blocking(move || service.stop_server().success());
    assert!(within("the stop", stopped).await.unwrap());
}

#[tokio::test]
async fn a_gateway_calls_the_service_over_tls_and_hands_on_who_calls_it() {
    let secure = Secure::new();
    let key = access::credentials::ApiKey::generate().unwrap();
    let digest = access::credentials::Digest::of(key.reveal());
    let callers =
        format!(r#"{{"callers":[{{"name":"ivr","scopes":["channel-sessions:read"],"keys":["{digest}"]}}]}}"#);
    let file = secure.write("credentials.json", &callers).to_str().unwrap().to_owned();
    let mut flags = secure.mutual();
    flags.extend(
        ["--authn", "api-keys,client-certificates", "--credentials-file", &file].map(ToOwned::to_owned),
    );
    let service = start(&flags).await;

    let own = secure.authority.issue(&["gateway.example.com"]);
    let address = format!("localhost:{}", service.server.address("grpc").port());
    let of_gateway = ["gateway", "--lame-duck", "0s", "--http-addr", "127.0.0.1:0", "--grpc-addr", &address];
    let flags = [secure.upstream(&own), secure.flags()].concat();
    let gateway =
        Process::start(&[&of_gateway[..], &flags.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    let rest = secure.rest(gateway.address("http"), None);
    assert!(rest.is_ready().await);
    let path = format!("/channel-sessions/{ID}");
    let answer = rest.send(Method::GET, &path, "", &[]).await;
    assert_eq!((answer.status, &*answer.failure().reason), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    let bearer = format!("Bearer {}", key.reveal());
    let answer = rest.send(Method::GET, &path, "", &[("authorization", &bearer)]).await;
    assert_eq!(answer.revision(), 1);

    // Without a certificate of its own, it does not reach the service; nor does it without TLS.
    let bare = [&of_gateway[..], &[&*flags[0], &*flags[1]]].concat();
    for flags in [&bare[..], &of_gateway] {
        let gateway = Process::start(flags);
        let rest = Rest::new(gateway.address("http"));
        assert!(!rest.is_ready().await);
        let answer = rest.send(Method::GET, &path, "", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    }
}

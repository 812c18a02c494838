//! Certificates that are replaced while the service goes on.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use http::StatusCode;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{ID, get, start};
use crate::support::{Secure, timeout::until};

/// How many calls are made at least, of either transport, while certificates are replaced.
const CALLS: usize = 10_000;

/// The certificate that a new connection is shown.
async fn shown(secure: &Secure, address: std::net::SocketAddr) -> Vec<u8> {
    let connector = TlsConnector::from(Arc::new(secure.client(None)));
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_and_no_call_fails() {
    let secure = Secure::new();
    let service = start(&secure.flags()).await;
    let [grpc, http] = ["grpc", "http"].map(|of| service.server.address(of));
    let (done, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut callers = Vec::new();
    for at in 0..8 {
        let (done, is_over) = (done.clone(), is_over.clone());
        let go_on = move || done.fetch_add(1, Ordering::Relaxed) < CALLS || !is_over.load(Ordering::Relaxed);
        if at % 2 == 0 {
            let mut client = secure.grpc(grpc, None).await.unwrap();
            callers.push(tokio::spawn(async move {
                while go_on() {
                    client.get_channel_session(get()).await.unwrap();
                }
            }));
        } else {
            // Each of its calls has a connection of its own, now and then.
            let mut rest = secure.rest(http, None);
            let config = secure.client(None);
            callers.push(tokio::spawn(async move {
                for at in 1_usize.. {
                    if !go_on() {
                        break;
                    }
                    if at.is_multiple_of(50) {
                        rest = crate::support::Rest::secure(http, config.clone());
                    }
                    assert_eq!(rest.get(ID).await.status, StatusCode::OK);
                }
            }));
        }
    }
    for _ in 0..2 {
        let before = shown(&secure, grpc).await;
        secure.show(&secure.authority.issue(&["localhost", "127.0.0.1"]));
        until("the new certificate is shown", async || shown(&secure, grpc).await != before).await;
        until("it is over REST, too", async || shown(&secure, http).await != before).await;
    }
    is_over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(done.load(Ordering::Relaxed) >= CALLS);
}

#[tokio::test]
async fn a_certificate_that_is_broken_is_told_and_the_old_one_stays() {
    let secure = Secure::new();
    let service = start(&secure.flags()).await;
    let grpc = service.server.address("grpc");
    let before = shown(&secure, grpc).await;
    secure.write("key.pem", "broken");
    let logged = service.server.says("the TLS certificate is wrong; what it said before goes on to hold");
    let error = logged["error"].as_str().unwrap();
    assert!(error.starts_with("--tls-key /") && error.contains("no private key that can be read"), "{error}");
    assert_eq!(shown(&secure, grpc).await, before);
    secure.show(&secure.authority.issue(&["localhost"]));
    service.server.says("the TLS certificate was read again");
    assert_ne!(shown(&secure, grpc).await, before);
}

#[tokio::test]
async fn authorities_that_are_none_are_told_and_the_old_ones_stay() {
    let secure = Secure::new();
    let service = start(&secure.mutual()).await;
    let grpc = service.server.address("grpc");
    let own = secure.authority.issue(&["anybody.example.com"]);
    secure.write("authority.pem", &own.certificate);
    let logged = service.server.says("the TLS certificate is wrong; what it said before goes on to hold");
    let error = logged["error"].as_str().unwrap();
    assert!(
        error.starts_with("--tls-client-ca /") && error.contains("no authority's certificate"),
        "{error}"
    );
    secure.grpc(grpc, Some(&own)).await.unwrap().get_channel_session(get()).await.unwrap();
}

//! Both sides with each other, over real connections, and what each refuses.

use std::io::Result;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::authority::{Authority, Issued};

const URI: &str = "URI:spiffe://example.com/ivr";

fn server(issued: &Issued, client_authorities: Option<&str>) -> ServerFiles<'static> {
    let text = |text: &str| -> &'static [u8] { Box::leak(text.to_owned().into_boxed_str()).as_bytes() };
    ServerFiles {
        certificate: text(&issued.certificate),
        key: text(&issued.key),
        client_authorities: client_authorities.map(text),
    }
}

fn client(authority: &Authority, own: Option<&Issued>) -> Client {
    let own = own.map(|own| (own.certificate.as_bytes(), own.key.as_bytes()));
    let authorities = Authorities::Of(authority.certificate.as_bytes());
    Client::new(ClientFiles { authorities, own }).expect("fine files")
}

/// What becomes of a connection on each of its sides: the client's names as the server knows them, and what the client reads.
async fn meet(server: &Server, client: &Client, name: &str) -> (Result<Option<Certificate>>, Result<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let called = async {
        let mut accepted = server.accept(listener.accept().await?.0).await?;
        accepted.stream.write_u8(7).await?;
        accepted.stream.shutdown().await?;
        Ok(accepted.peer)
    };
    // With TLS 1.3, the client hears of a refusal when it first reads.
    let calling = async { client.connect(name, TcpStream::connect(address).await?).await?.read_u8().await };
    tokio::join!(called, calling)
}

#[tokio::test]
async fn a_service_is_known_by_its_name_and_authority() {
    let (authority, other) = (Authority::generate(), Authority::generate());
    let served = Server::new(server(&authority.issue(&["localhost"]), None)).expect("fine files");
    let (peer, read) = meet(&served, &client(&authority, None), "localhost").await;
    assert_eq!((peer.expect("agreed"), read.expect("read")), (None, 7));
    for (client, name) in [
        (client(&authority, None), "localhost.example.com"),
        (client(&authority, None), "127.0.0.1"),
        (client(&other, None), "localhost"),
    ] {
        let (peer, read) = meet(&served, &client, name).await;
        assert!(peer.is_err() && read.is_err(), "{name}: {peer:?} {read:?}");
    }
}

#[tokio::test]
async fn a_caller_is_known_by_the_names_of_its_certificate() {
    let (authority, other) = (Authority::generate(), Authority::generate());
    let own = authority.issue(&["localhost"]);
    let served = Server::new(server(&own, Some(&authority.certificate))).expect("fine files");
    let ivr = authority.issue(&["ivr.example.com", "spiffe://example.com/ivr"]);
    let (peer, read) = meet(&served, &client(&authority, Some(&ivr)), "localhost").await;
    let peer = peer.expect("agreed").expect("a certificate");
    assert_eq!(
        (peer.names, read.expect("read")),
        (vec!["DNS:ivr.example.com".to_owned(), URI.to_owned()], 7)
    );
    assert!(peer.begins < std::time::SystemTime::now() && peer.expires > std::time::SystemTime::now());
    let expired = authority.expired(&["ivr.example.com"]);
    for own in [None, Some(&other.issue(&["ivr.example.com"])), Some(&expired)] {
        let (peer, read) = meet(&served, &client(&authority, own), "localhost").await;
        assert!(peer.is_err() && read.is_err(), "{peer:?} {read:?}");
    }
}

#[tokio::test]
async fn files_are_replaced_whole_or_not_at_all() {
    let (old, new) = (Authority::generate(), Authority::generate());
    let served = Server::new(server(&old.issue(&["localhost"]), None)).expect("fine files");
    let calling = client(&old, None);
    let replacing = new.issue(&["localhost"]);
    for (files, part) in [
        (ServerFiles { certificate: b"", ..server(&replacing, None) }, Part::Certificate),
        (ServerFiles { key: b"", ..server(&replacing, None) }, Part::Key),
        (ServerFiles { key: replacing.certificate.as_bytes(), ..server(&replacing, None) }, Part::Key),
        (ServerFiles { key: new.issue(&["x"]).key.as_bytes(), ..server(&replacing, None) }, Part::Key),
        (ServerFiles { client_authorities: Some(b""), ..server(&replacing, None) }, Part::Authorities),
    ] {
        let invalid = served.replace(files).expect_err("broken files");
        assert_eq!(invalid.part, part, "{invalid}");
    }
    let (_, read) = meet(&served, &calling, "localhost").await;
    assert_eq!(read.expect("as before"), 7);
    served.replace(server(&replacing, None)).expect("fine files");
    let (_, read) = meet(&served, &calling, "localhost").await;
    assert!(read.is_err(), "another authority");
    let authorities = Authorities::Of(new.certificate.as_bytes());
    calling.replace(ClientFiles { authorities, own: None }).expect("fine files");
    let (_, read) = meet(&served, &calling, "localhost").await;
    assert_eq!(read.expect("the new one"), 7);
}

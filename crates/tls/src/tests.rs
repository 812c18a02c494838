//! Both sides with each other, over real connections, and what each refuses.

use std::io::Result;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsConnector;

use super::*;
use crate::authority::{Authority, Issued, VERSION_1, show_version_1, version_1};

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

#[test]
fn a_certificate_of_the_first_version_is_refused_with_what_to_do() {
    let authority = Authority::generate();
    let issued = authority.issue(&["localhost"]);
    let first = Issued { certificate: VERSION_1.to_owned(), key: issued.key };
    let refused = Server::new(server(&first, None)).expect_err("no server's");
    let own = Some((VERSION_1.as_bytes(), first.key.as_bytes()));
    let authorities = Authorities::Of(authority.certificate.as_bytes());
    for invalid in [refused, Client::new(ClientFiles { authorities, own }).expect_err("no client's")] {
        let error = invalid.to_string();
        assert_eq!(invalid.part, Part::Certificate);
        assert!(error.contains("X.509 version 1") && error.contains("subjectAltName"), "{error}");
    }
    // Behind one that is fine, it is an issuer's.
    let chain = issued.certificate + VERSION_1;
    let issued = Issued { certificate: chain, key: first.key };
    assert!(Server::new(server(&issued, None)).is_ok());
}

#[tokio::test]
async fn a_peer_whose_certificate_is_of_the_first_version_is_said_to_have_one() {
    let authority = Authority::generate();
    let own = authority.issue(&["localhost"]);
    let roots = pem::authorities(authority.certificate.as_bytes()).expect("an authority");
    let versions = "builder of the default versions";
    let pair = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let called = TcpStream::connect(listener.local_addr().expect("an address"));
        let (called, accepted) = tokio::join!(called, listener.accept());
        (called.expect("a connection"), accepted.expect("a connection").0)
    };

    let (called, accepted) = pair().await;
    let client = client(&authority, None);
    let (error, _) = tokio::join!(client.connect("localhost", called), show_version_1(accepted));
    let error = error.expect_err("no connection").to_string();
    assert!(error.starts_with("the service's certificate is of X.509 version 1"), "{error}");

    let builder = rustls::ClientConfig::builder_with_provider(provider());
    let builder =
        builder.with_safe_default_protocol_versions().expect(versions).with_root_certificates(roots);
    let caller = TlsConnector::from(Arc::new(builder.with_client_cert_resolver(version_1(&own.key))));
    let served = Server::new(server(&own, Some(&authority.certificate))).expect("fine files");
    let (called, accepted) = pair().await;
    let name = "localhost".try_into().expect("a name");
    let (error, _) = tokio::join!(served.accept(accepted), caller.connect(name, called));
    let error = error.expect_err("no connection").to_string();
    assert!(error.starts_with("the caller's certificate is of X.509 version 1"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_issues_none_is_no_authority() {
    let authority = Authority::generate();
    let (own, leaf) = (authority.issue(&["localhost"]), authority.issue(&["ivr.example.com"]));
    let served = Server::new(server(&own, Some(&authority.certificate))).expect("fine files");
    let error = served.replace(server(&own, Some(&leaf.certificate))).expect_err("a leaf");
    assert_eq!(error.part, Part::Authorities);
    assert!(error.problem.contains("CA:TRUE"), "{error}");
    let authorities = Authorities::Of(leaf.certificate.as_bytes());
    assert!(Client::new(ClientFiles { authorities, own: None }).is_err());
    let (peer, _) = meet(&served, &client(&authority, Some(&leaf)), "localhost").await;
    assert!(peer.is_ok(), "what it had before goes on to hold");

    // What somebody can be accepted by is taken: a leaf beside its issuer, one of the first version, and one that is its holder's
    // own authority.
    let alone = Authority::self_signed(&["alone.example.com"]);
    for authorities in [&*(leaf.certificate.clone() + &authority.certificate), VERSION_1, &alone.certificate]
    {
        served.replace(server(&own, Some(authorities))).expect("authorities");
    }
    let (peer, _) = meet(&served, &client(&authority, Some(&alone)), "localhost").await;
    assert_eq!(peer.expect("known").expect("a certificate").names, ["DNS:alone.example.com"]);
}

#[test]
fn a_certificate_is_valid_for_as_long_as_all_of_its_file() {
    let authority = Authority::generate();
    let [own, expired] = [authority.issue(&["localhost"]), authority.expired(&["issuer"])];
    let alone = Server::new(server(&own, None)).expect("fine files").chain();
    assert_eq!((alone.expires, alone.expires_by_issuer(), alone.is_named), (alone.own.expires, false, true));
    let both = Issued { certificate: own.certificate + &expired.certificate, key: own.key };
    let both = Server::new(server(&both, None)).expect("fine files").chain();
    assert!(both.expires_by_issuer() && both.expires < std::time::SystemTime::now());
    assert_eq!(both.own, alone.own);
    let nameless = authority.issue(&[]);
    assert!(!Chain::of_pem(nameless.certificate.as_bytes()).expect("a certificate").is_named);
}

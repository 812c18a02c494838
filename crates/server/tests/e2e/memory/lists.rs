//! Lists of large sessions: of those that nobody reads, and of those of which a page has room for few.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{beside_a_good_caller, create_large, service};
use crate::support::{
    Service, Store, on_both_stores,
    timeout::{TIMEOUT, until},
};

on_both_stores!(lists_that_nobody_reads, a_page_of_one_session_among_many_large_ones);

async fn lists_that_nobody_reads(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let attack = async || {
        let connections = ask_for_lists_and_read_nothing(&service);
        until("room for a list", async || {
            service.rest().send(http::Method::GET, "/channel-sessions", "", &[]).await.status.is_success()
        })
        .await;
        connections
    };
    let connections = beside_a_good_caller(&service, attack).await;
    // Each was answered in part, or refused, and is closed once nobody has taken more of it for long enough.
    let closed = tokio::task::spawn_blocking(move || {
        for mut stream in connections {
            stream.set_read_timeout(Some(TIMEOUT)).unwrap();
            let mut taken = [0; 1];
            assert_eq!(stream.read(&mut taken).unwrap(), 1);
        }
    });
    closed.await.unwrap();
}

/// The index of one condition finds them all, and all of them meet the other: a page has room for one.
async fn a_page_of_one_session_among_many_large_ones(store: Store) {
    const SESSIONS: usize = 200;
    let service = service(store).await;
    let text = "x".repeat(2_000_000);
    for at in 0..SESSIONS {
        let document = format!(r#"{{"conversationId":"c","isActive":true,"text":"{text}"}}"#);
        service.create(&format!("large-{at:03}"), &document).await;
    }
    let attack = async || {
        let path = "/channel-sessions?conversationId=c&active=true&pageSize=1";
        let page = service.rest().send(http::Method::GET, path, "", &[]).await;
        assert_eq!(page.status.as_u16(), 200);
        assert!((2_000_000..4_000_000).contains(&page.body.len()), "{} bytes", page.body.len());
    };
    beside_a_good_caller(&service, attack).await;
}

/// Two hundred connections of HTTP/1.1 ask for a list of two megabytes, and read none of it.
pub(super) fn ask_for_lists_and_read_nothing(service: &Service) -> Vec<TcpStream> {
    let ask = |_| {
        let mut stream = TcpStream::connect(service.rest().address()).unwrap();
        stream.write_all(b"GET /channel-sessions HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        stream
    };
    (0..200).map(ask).collect()
}

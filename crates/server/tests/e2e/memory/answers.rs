//! Answers that nobody takes.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use channel_session_api::v1::{ChannelSessionView, GetChannelSessionRequest, UpdateDataRequest};
use futures_util::future::join_all;
use prost::Message;

use super::{beside_a_good_caller, create_large, service};
use crate::support::{
    Front, Service, Store,
    caller::set,
    http2::{Call, Connection, framed},
    on_both_stores,
    patience::{until, within},
    watch::{Watch, session},
};

on_both_stores!(
    answers_that_nobody_takes,
    lists_that_nobody_reads,
    watches_that_never_read,
    answers_of_changes_wait_for_memory,
);

/// Peers that give no window ask for a session of two megabytes four hundred times. After the limit on time the answers are
/// let go of, and others have room.
async fn answers_that_nobody_takes(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let request = GetChannelSessionRequest {
        channel_session_id: "large".to_owned(),
        view: ChannelSessionView::Json.into(),
    };
    let message = framed(false, &request.encode_to_vec());
    let address = service.server.address("grpc");
    let connections = join_all((0..2).map(|_| Connection::open(address, 0))).await;
    let attack = async {
        let mut calls = Vec::new();
        for connection in &connections {
            for _ in 0..200 {
                calls.push(connection.call("GetChannelSession", &[], Some(message.clone()), true).await);
            }
        }
        join_all(calls.into_iter().map(Call::status)).await
    };
    let answers = beside_a_good_caller(&service, attack).await;
    assert!(answers.iter().any(Result::is_ok));
    // Although the connections are still there.
    until("room for an answer", async || service.rest().get("large").await.status.is_success()).await;
    drop(connections);
}

/// Two hundred connections of HTTP/1.1 ask for a list of two megabytes, and read none of it.
async fn lists_that_nobody_reads(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let attack = async {
        let mut connections = Vec::new();
        for _ in 0..200 {
            let mut stream = TcpStream::connect(service.rest().address()).unwrap();
            stream.write_all(b"GET /channel-sessions HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            connections.push(stream);
        }
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
            stream.set_read_timeout(Some(crate::support::patience::PATIENCE)).unwrap();
            let mut taken = [0; 1];
            assert_eq!(stream.read(&mut taken).unwrap(), 1);
        }
    });
    closed.await.unwrap();
}

/// A hundred watches that never read, and one that does, of a session of two megabytes that is changed again and again.
async fn watches_that_never_read(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let message = framed(false, &session("large").encode_to_vec());
    let address = service.server.address("grpc");
    let mut connections = Vec::new();
    let mut calls = Vec::new();
    for _ in 0..2 {
        // The first message has room, and no event has.
        let connection = Connection::open(address, 1000).await;
        for _ in 0..50 {
            calls.push(connection.call("WatchChannelSessions", &[], Some(message.clone()), true).await);
        }
        connections.push(connection);
    }
    for call in calls {
        call.status().await.unwrap();
    }
    beside_a_good_caller(&service, updates_are_told(&service)).await;
    drop(connections);
}

async fn updates_are_told(service: &Service) {
    let mut client = service.grpc().await;
    let mut watch = Watch::start(&client, session("large")).await;
    let updates = async {
        for value in 1..=6 {
            client.update_data(set("large", "n", "Number", value)).await.unwrap();
        }
    };
    let ((), events) = tokio::join!(updates, watch.take(6));
    for event in events {
        assert!(event.json.len() > 2_000_000);
    }
}

/// While all memory for answers is taken, what became of an update is told once there is some again.
async fn answers_of_changes_wait_for_memory(store: Store) {
    let flags = ["--answer-timeout", "3s", "--memory-budget", "32MiB"];
    let service = Service::with(store, Front::Combined, &flags).await;
    create_large(&service, "large").await;
    let update =
        |key| UpdateDataRequest { view: ChannelSessionView::Json.into(), ..set("large", key, "Number", 1) };
    // As many as fit into a quarter of the budget, by a peer that takes none of them.
    let idle = Connection::open(service.server.address("grpc"), 0).await;
    let mut taken = Vec::new();
    for key in ["a", "b", "c", "d"] {
        let message = framed(false, &update(key).encode_to_vec());
        let call = idle.call("UpdateData", &[], Some(message), true).await;
        taken.push(within("an answer", call.response).await.unwrap());
    }
    let over_grpc = async {
        service.grpc().await.max_decoding_message_size(usize::MAX).update_data(update("grpc")).await
    };
    let rest = service.rest();
    let over_rest = rest.update("large", r#"[{"key":"rest","type":"Number","value":1}]"#);
    let (over_grpc, over_rest) = tokio::join!(over_grpc, over_rest);
    assert!(over_grpc.unwrap().into_inner().channel_session.unwrap().document_json.len() > 2_000_000);
    assert_eq!(over_rest.status.as_u16(), 200);
    assert!(over_rest.body.len() > 2_000_000);
    drop((taken, idle));
}

//! Answers that nobody takes.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use channel_session_api::v1::{
    BatchUpdateDataRequest, ChannelSessionView, GetChannelSessionRequest, UpdateDataRequest,
};
use futures_util::future::join_all;
use http::HeaderMap;
use prost::Message;

use super::{MAX_MEMORY, beside_a_good_caller, create_large, service};
use crate::support::{
    Failure, Front, Service, Store,
    caller::set,
    http2::{Call, Connection, framed},
    on_both_stores,
    size::short_or_full,
    timeout::{TIMEOUT, until, within},
    watch::{Watch, session},
};

on_both_stores!(
    answers_that_nobody_takes,
    watches_that_never_read,
    event_streams_keep_nothing_of_what_they_delivered,
    watches_that_never_read_hold_up_nobody_for_long,
    answers_of_changes_wait_for_memory,
    batches_that_nobody_reads,
    changes_that_nobody_reads,
);

/// After the limit on time the answers are let go of, and others have room.
async fn answers_that_nobody_takes(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let attack = async || {
        let (connections, answers) = ask_and_take_nothing(&service).await;
        // Although the connections are still there.
        until("room for an answer", async || service.rest().get("large").await.status.is_success()).await;
        drop(connections);
        answers
    };
    let answers = beside_a_good_caller(&service, attack).await;
    assert!(answers.iter().any(Result::is_ok));
}

/// One that reads hears of every change meanwhile.
async fn watches_that_never_read(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let connections = watch_and_read_nothing(&service).await;
    beside_a_good_caller(&service, async || updates_are_answered(&service).await).await;
    drop(connections);
}

/// Event streams that read, and some that do not: none of them is larger behind a large event than before.
async fn event_streams_keep_nothing_of_what_they_delivered(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let watch = |_| {
        let mut stream = send(&service, "GET /events?channelSessionId=large", "");
        // It has begun.
        assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
        stream
    };
    let (readers, idle): (Vec<_>, Vec<_>) = ((0..10).map(watch).collect(), (0..30).map(watch).collect());
    let readers =
        readers.into_iter().map(|stream| tokio::task::spawn_blocking(move || read_an_event(stream)));
    let readers: Vec<_> = readers.collect();
    assert_eq!(
        service.rest().update("large", r#"[{"key":"n","type":"Number","value":1}]"#).await.revision(),
        2
    );
    let read = within("an event", join_all(readers)).await;
    assert!(read.into_iter().any(Result::unwrap), "nobody was answered");
    let peak = service.server.peak_memory();
    eprintln!("memory: {} MB", peak >> 20);
    assert!(peak < MAX_MEMORY, "{} MB", peak >> 20);
    drop(idle);
}

/// Reads until the event of a large session has come, which has its document twice. Whether it has: on a busy machine, one
/// that reads may be taken for one that does not.
fn read_an_event(mut stream: TcpStream) -> bool {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let (mut piece, mut taken) = (vec![0; 64 * 1024], 0);
    while taken < 4_000_000 {
        match stream.read(&mut piece).unwrap() {
            0 => return false,
            bytes => taken += bytes,
        }
    }
    true
}

/// Watches that have taken what their windows hold and no more, each with an event that keeps the room of half of them all. The
/// limit on time is the default one, and together they would hold up the last one for minutes.
async fn watches_that_never_read_hold_up_nobody_for_long(store: Store) {
    const MAX_WAIT: Duration = Duration::from_secs(60);
    let service = Service::start(store).await;
    create_large(&service, "large").await;
    let message = framed(false, &session("large").encode_to_vec());
    let connection = Connection::open(service.server.address("grpc"), 65_535).await;
    let mut calls = Vec::new();
    for _ in 0..16 {
        let call = connection.call("WatchChannelSessions", &[], Some(message.clone()), true).await;
        calls.push(within("a watch", call.response).await.unwrap());
    }
    let mut client = service.grpc().await;
    let mut watch = Watch::start(&client, session("large")).await;
    client.update_data(set("large", "n", "Number", 1)).await.unwrap();
    let since = Instant::now();
    assert_eq!(watch.take(1).await[0].revision, 2);
    assert!(since.elapsed() < MAX_WAIT, "{:?}", since.elapsed());
    eprintln!("answered after {:?}", since.elapsed());
    drop(calls);
}

/// Peers that give no window ask for a session of two megabytes four hundred times.
pub(super) async fn ask_and_take_nothing(
    service: &Service,
) -> (Vec<Connection>, Vec<Result<HeaderMap, tonic::Status>>) {
    let request = GetChannelSessionRequest {
        channel_session_id: "large".to_owned(),
        view: ChannelSessionView::Json.into(),
    };
    let message = framed(false, &request.encode_to_vec());
    let address = service.server.address("grpc");
    let connections = join_all((0..2).map(|_| Connection::open(address, 0))).await;
    let mut calls = Vec::new();
    for connection in &connections {
        for _ in 0..200 {
            calls.push(connection.call("GetChannelSession", &[], Some(message.clone()), true).await);
        }
    }
    let answers = join_all(calls.into_iter().map(Call::status)).await;
    (connections, answers)
}

/// Watches that never read, of a session of two megabytes.
pub(super) async fn watch_and_read_nothing(service: &Service) -> Vec<Connection> {
    let message = framed(false, &session("large").encode_to_vec());
    let address = service.server.address("grpc");
    let mut connections = Vec::new();
    let mut calls = Vec::new();
    for _ in 0..short_or_full(2, 10) {
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
    connections
}

/// Changes the large session again and again, and has a watch that reads hear of it.
pub(super) async fn updates_are_answered(service: &Service) {
    let mut client = service.grpc().await;
    let mut watch = Watch::start(&client, session("large")).await;
    let updates = async {
        for value in 1..=6 {
            // Where others take all the room, it is refused at first.
            let update = || UpdateDataRequest {
                view: ChannelSessionView::Basic.into(),
                ..set("large", "n", "Number", value)
            };
            while let Err(refused) = client.update_data(update()).await {
                assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused:?}");
            }
        }
    };
    let ((), events) = tokio::join!(updates, watch.take(6));
    for event in events {
        assert!(event.json.len() > 2_000_000);
    }
}

/// While all memory for answers is taken, what became of an update is answered once there is some again.
async fn answers_of_changes_wait_for_memory(store: Store) {
    let flags = ["--answer-timeout", "3s", "--max-attributes", "20"];
    let service = Service::with(store, Front::Combined, &flags).await;
    create_large(&service, "large").await;
    let update = |key: &str| UpdateDataRequest {
        view: ChannelSessionView::Json.into(),
        ..set("large", key, "Number", 1)
    };
    // As many as fit into a quarter of the budget, and one more, by a peer that takes none of them.
    let idle = Connection::open(service.server.address("grpc"), 0).await;
    let mut taken = Vec::new();
    for at in 0..=budget::Budget::DEFAULT_BYTES / 4 / 2_000_000 {
        let key = format!("k{at}");
        let message = framed(false, &update(&key).encode_to_vec());
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

/// Of a session of two megabytes, over both transports. What they come to is bounded before they are made.
async fn batches_that_nobody_reads(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let body = format!(r#"{{"requests":[{}]}}"#, [r#"{"channelSessionId":"large"}"#; 10].join(","));
    let update = UpdateDataRequest { channel_session_id: "large".to_owned(), ..Default::default() };
    let message = framed(false, &BatchUpdateDataRequest { requests: vec![update] }.encode_to_vec());
    let attack = async || {
        let rest = send_and_read_nothing(&service, "POST /batch-update-data", &body);
        let connections = join_all((0..4).map(|_| Connection::open(service.server.address("grpc"), 0))).await;
        let mut calls = Vec::new();
        for connection in &connections {
            for _ in 0..short_or_full(50, 190) {
                calls.push(connection.call("BatchUpdateData", &[], Some(message.clone()), true).await);
            }
        }
        let answers = join_all(calls.into_iter().map(Call::status)).await;
        (rest, connections, answers)
    };
    let (_rest, _connections, answers) = beside_a_good_caller(&service, attack).await;
    for status in answers.into_iter().filter_map(Result::err) {
        // Those that had no room in time.
        let failure = Failure::from_status(&status);
        assert!(["DEADLINE_EXCEEDED", "OVERLOADED"].contains(&&*failure.reason), "{status:?}");
    }
}

async fn changes_that_nobody_reads(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let attack = async || {
        let line = "PATCH /channel-sessions/large";
        let connections = send_and_read_nothing(&service, line, r#"{"attributes":[]}"#);
        until("room for an answer", async || service.rest().get("large").await.status.is_success()).await;
        drop(connections);
    };
    beside_a_good_caller(&service, attack).await;
}

/// Two hundred connections of HTTP/1.1 that send a request, and read nothing.
fn send_and_read_nothing(service: &Service, line: &str, body: &str) -> Vec<TcpStream> {
    (0..200).map(|_| send(service, line, body)).collect()
}

/// A connection on which a request was sent.
fn send(service: &Service, line: &str, body: &str) -> TcpStream {
    let length = body.len();
    let mut stream = TcpStream::connect(service.rest().address()).unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    stream
}

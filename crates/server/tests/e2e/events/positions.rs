//! Going on from where an earlier watch was, at the same process or after a restart.

use channel_session_api::v1::ChannelSessionEvent;

use super::{kept, last, live, text};
use crate::support::{
    Caller, Client, Failure, Rest, Service, Sse, Store, Watch, caller::set, json, on_both_stores,
    service::connect, watch::everything,
};

on_both_stores!(a_position_leads_on_from_each_event, a_position_survives_a_restart);

async fn a_position_leads_on_from_each_event(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let mut watch = Watch::start(&grpc, everything("")).await;
    let mut positions = vec![watch.position.clone()];
    let mut sse = Sse::open(&rest, "").await;
    let mut ids = vec![sse.last_event_id.clone()];
    let count = live(&service).await;
    let mut received = Vec::new();
    for _ in 0..count {
        received.push(watch.next().await);
        positions.push(watch.position.clone());
        sse.next().await;
        ids.push(sse.last_event_id.clone());
    }
    last(&service, "64e2f08a6155b317cd3f88fd").await;
    received.push(watch.next().await);
    // From wherever it is gone on, the rest is delivered, each event once, whichever of the two gave the position.
    for at in 0..=count {
        let kept = kept(&received[at..]);
        for position in [&positions[at], &ids[at]] {
            assert_eq!(resume(&grpc, position, kept.len()).await, kept, "{at}");
            let sent = Sse::resume(&rest, "", position).await.take(kept.len()).await;
            let expected: Vec<_> = kept.iter().map(|event| &event.json).collect();
            assert_eq!(sent.iter().map(|message| &message.data).collect::<Vec<_>>(), expected, "{at}");
        }
    }
    // A page that is loaded again has its position in the query; a browser that comes back knows better.
    let query = format!("position={}", positions[0]);
    assert_eq!(Sse::open(&rest, &query).await.next().await.data, received[0].json);
    assert_eq!(Sse::resume(&rest, &query, &ids[count]).await.next().await.data, received[count].json);
}

async fn resume(grpc: &Client, position: &str, count: usize) -> Vec<ChannelSessionEvent> {
    Watch::start(grpc, everything(position)).await.take(count).await
}

async fn a_position_survives_a_restart(store: Store) {
    let mut service = Service::start(store).await;
    let mut watch = Watch::start(&service.grpc().await, everything("")).await;
    let mut sse = Sse::open(&service.rest(), "").await;
    let count = live(&service).await;
    let received = watch.take(count).await;
    sse.take(5).await;
    let positions = [(watch.position.clone(), count), (sse.last_event_id.clone(), 5)];
    // Streams have no end of their own, and get an error when the process stops.
    service.server.ask_to_stop();
    let status = watch.try_next().await.unwrap_err();
    assert_eq!(Failure::from_status(&status).reason, "STORE_UNAVAILABLE");
    sse.take(count - 5).await;
    let end = sse.next().await;
    assert_eq!((&*end.event, text(&json(&end.data), "reason")), ("error", "STORE_UNAVAILABLE"));
    assert_eq!(sse.try_next().await, None);
    assert!(service.stop_server().success());

    let again = service.another(&[]);
    let grpc = connect(again.address("grpc")).await;
    Caller::Grpc(grpc.clone()).update(&set("64e2f08a6155b317cd3f88fd", "k", "Number", 1)).await.unwrap();
    for (position, at) in positions {
        let kept = kept(&received[at..]);
        let events = resume(&grpc, &position, kept.len() + 1).await;
        assert_eq!(events[..kept.len()], kept);
        assert_eq!(events.last().unwrap().channel_session_id, "64e2f08a6155b317cd3f88fd");
        let rest = Rest::new(again.address("http"));
        let sent = Sse::resume(&rest, "", &position).await.take(kept.len() + 1).await;
        assert_eq!(sent.last().unwrap().data, events.last().unwrap().json);
    }
}

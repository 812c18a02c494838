//! What happens to sessions, as watchers over gRPC and over Server-Sent Events hear of it: each change once, in order, and
//! in the contract's shape.

mod browsers;
mod expired;
mod past;
mod positions;
mod secrets;
mod shape;
mod wanted;

use channel_session_api::v1::{ChannelSessionEvent, EventName};
use http::Method;
use json::Value;

use crate::support::{
    Caller, Front, Rest, Service, Sse, Store, Watch, also_with_row_level_security, caller::set, rest::JSON,
    watch::everything,
};

also_with_row_level_security!(a_watch_and_a_stream_tell_the_same);

/// A life with all that can happen in it, of sessions of two conversations; how many events that makes.
async fn live(service: &Service) -> usize {
    let (grpc, rest) = (Caller::Grpc(service.grpc().await), service.rest());
    rest.create(r#"{"id":"a","conversationId":"c1","isActive":true,"n":0.10}"#).await;
    rest.create(r#"{"id":"b","topicId":"c2"}"#).await;
    rest.create(r#"{"id":"none"}"#).await;
    for (id, key, value) in
        [("a", "k", "0.10"), ("b", "k", "1"), ("a", "k", "0.1"), ("none", "l", "2"), ("a", "l", "[1.0]")]
    {
        grpc.update(&set(id, key, "Number", value)).await.unwrap();
    }
    // What changes nothing is no event.
    grpc.update(&set("a", "k", "Number", "0.1")).await.unwrap();
    let body = r#"{"removeKeys":["k"],"attributes":[{"key":"m","type":"String50","value":"ä\u0001"}],"requestId":"r"}"#;
    let patched = rest.send(Method::PATCH, "/channel-sessions/a", body, &JSON).await;
    assert_eq!(patched.status, 200, "{patched:?}");
    let put = rest
        .send(Method::PUT, "/channel-sessions/a", r#"{"conversationId":"c2","active":false}"#, &JSON)
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    let end = rest.send(Method::POST, "/channel-sessions/b/end", r#"{"reasonCode":"AGENT"}"#, &JSON).await;
    assert_eq!(end.status, 200, "{end:?}");
    // A deletion erases what was before, for watchers too that have not received it yet. A watch begins behind what all
    // of them have received, or will.
    Watch::start(&service.grpc().await, everything("")).await;
    let delete = rest.send(Method::DELETE, "/channel-sessions/none", "", &[]).await;
    assert_eq!(delete.status, 204, "{delete:?}");
    12
}

/// Makes a change that is delivered to whoever watches a session, so that nothing before it can be still to come.
async fn last(service: &Service, id: &str) {
    Caller::Rest(service.rest()).update(&set(id, "last", "Boolean", true)).await.unwrap();
}

/// What is left of events that were delivered: a deletion erases those before it.
fn kept(received: &[ChannelSessionEvent]) -> Vec<ChannelSessionEvent> {
    let is_kept = |event: &&ChannelSessionEvent| event.channel_session_id != "none" || event.revision >= 3;
    received.iter().filter(is_kept).cloned().collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    member(value, name).as_str().unwrap()
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.as_object().and_then(|it| it.get(name)).unwrap_or_else(|| panic!("no {name} in {value}"))
}

async fn a_watch_and_a_stream_tell_the_same(store: Store) {
    let service = Service::with(store, Front::Alone, &[]).await;
    let grpc = service.grpc().await;
    let mut watch = Watch::start(&grpc, everything("")).await;
    let mut second = Watch::start(&grpc, everything("")).await;
    let mut through_gateway = Sse::open(&service.rest(), "").await;
    let mut in_process = Sse::open(&Rest::new(service.server.address("http")), "").await;

    let count = live(&service).await;
    last(&service, "64e2f08a6155b317cd3f88fd").await;
    let received = watch.take(count + 1).await;
    assert_eq!(second.take(count + 1).await, received);
    let sent = through_gateway.take(count + 1).await;
    assert_eq!(in_process.take(count + 1).await, sent);
    for (event, message) in received.iter().zip(&sent) {
        assert_eq!(message.data, event.json);
        let name = event.name().as_str_name().strip_prefix("EVENT_NAME_").unwrap();
        assert_eq!(message.event, format!("CHANNEL_SESSION_{name}"));
    }
    // Each once, and in order: of each session, one revision after the other.
    let of = |id: &str| -> Vec<(i64, EventName)> {
        let events = received.iter().filter(|event| event.channel_session_id == id);
        events.map(|event| (event.revision, event.name())).collect()
    };
    use EventName::{DataUpdated as Updated, Deleted, Ended, Started};
    assert_eq!(of("a"), [(1, Started), (2, Updated), (3, Updated), (4, Updated), (5, Updated), (6, Ended)]);
    assert_eq!(of("b"), [(1, Started), (2, Updated), (3, Ended)]);
    assert_eq!(of("none"), [(1, Started), (2, Updated), (3, Deleted)]);
    assert_eq!(of("64e2f08a6155b317cd3f88fd"), [(2, Updated)]);
}

//! Updates that are sent again since their replies were lost: made once with a request id, whatever happens in between and
//! whichever instance they come to; and, without one, made again.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use channel_session_api::v1::{ChannelSessionEvent, UpdateDataRequest};

use crate::support::{
    Caller, Proxy, Random, Rest, Service, Store, Watch,
    caller::{Session, set, until_answered},
    document::value_of,
    history::history,
    json, on_both_stores,
    proxy::Cut,
    service::connect_lazily,
    watch,
};

on_both_stores!(
    a_reply_that_was_lost_is_given_again,
    without_a_request_id_a_retry_overwrites_what_came_in_between,
    updates_are_made_once_however_many_replies_are_lost,
    a_refusal_is_not_kept,
);

fn with_id(request: UpdateDataRequest, request_id: impl Into<String>) -> UpdateDataRequest {
    UpdateDataRequest { request_id: request_id.into(), ..request }
}

/// Callers over each transport whose replies are all lost, and what keeps the ways to the service open.
async fn deaf_callers(service: &Service) -> ([Caller; 2], [Proxy; 2]) {
    let grpc = Proxy::before(service.server.address("grpc"), Cut::GrpcReply(100), Random::new(1)).await;
    let rest = Proxy::before(service.server.address("http"), Cut::RestReply(100), Random::new(1)).await;
    let callers = [Caller::Grpc(connect_lazily(grpc.address())), Caller::Rest(Rest::new(rest.address()))];
    (callers, [grpc, rest])
}

async fn a_reply_that_was_lost_is_given_again(store: Store) {
    let service = Service::start(store).await;
    // Where several processes may serve one database, the retry comes to another one.
    let other = (store == Store::Postgres).then(|| service.another(&[]));
    let again = Caller::Rest(Rest::new(other.as_ref().unwrap_or(&service.server).address("http")));
    let (deaf, _proxies) = deaf_callers(&service).await;
    for (at, caller) in deaf.iter().enumerate() {
        let id = format!("x{at}");
        service.create(&id, "{}").await;
        let request = with_id(set(&id, "k", "Number", "0.10"), "a-request");
        assert_eq!(caller.try_update(&request).await, None);
        let other_writers = again.update(&set(&id, "k", "Number", 2)).await.unwrap();
        assert_eq!(other_writers.revision, 3, "the first has been made");

        // As often as it is asked for, and over either transport.
        let mut answers = Vec::new();
        for caller in [again.clone(), Caller::Grpc(service.grpc().await), Caller::Rest(service.rest())] {
            answers.push(caller.update(&request).await.unwrap());
        }
        let document =
            json(r#"{"channelData":{"additionalAttributes":[{"key":"k","type":"Number","value":0.10}]}}"#);
        assert_eq!(answers, vec![Session { revision: 2, document }; 3]);
        let now = service.rest().get(&id).await;
        assert_eq!((now.revision(), value_of(&json(now.document()), "k")), (3, "2".to_owned()));
        // The name is this session's, and stands for this content.
        let failure = again.update(&with_id(set(&id, "k", "Number", "0.1"), "a-request")).await.unwrap_err();
        assert_eq!(failure.reason, "REQUEST_ID_REUSED");
        service.create(&format!("{id}-other"), "{}").await;
        let elsewhere = with_id(set(&format!("{id}-other"), "k", "Number", 3), "a-request");
        assert_eq!(again.update(&elsewhere).await.unwrap().revision, 2);
    }
}

/// What proto/README.md says of callers that repeat an update without a request id.
async fn without_a_request_id_a_retry_overwrites_what_came_in_between(store: Store) {
    let service = Service::start(store).await;
    let (deaf, _proxies) = deaf_callers(&service).await;
    let well = Caller::Rest(service.rest());
    for (at, caller) in deaf.iter().enumerate() {
        let id = format!("x{at}");
        service.create(&id, "{}").await;
        let request = set(&id, "k", "String50", "\"mine\"");
        assert_eq!(caller.try_update(&request).await, None);
        well.update(&set(&id, "k", "String50", "\"another's\"")).await.unwrap();
        let session = well.update(&request).await.unwrap();
        assert_eq!((session.revision, &*value_of(&session.document, "k")), (4, "\"mine\""));
        // As long as nobody else has changed it, no harm is done.
        assert_eq!(well.update(&request).await.unwrap().revision, 4);
    }
}

/// A request that was refused may be sent again under the same name when what was in its way is gone.
async fn a_refusal_is_not_kept(store: Store) {
    let service = Service::start(store).await;
    let callers = [Caller::Grpc(service.grpc().await), Caller::Rest(service.rest())];
    for (at, caller) in callers.iter().enumerate() {
        let id = format!("x{at}");
        let request = with_id(set(&id, "k", "Number", 1), "a-request");
        assert_eq!(caller.update(&request).await.unwrap_err().reason, "CHANNEL_SESSION_NOT_FOUND");
        service.create(&id, "{}").await;
        assert_eq!(caller.update(&request).await.unwrap().revision, 2);
        // What changed nothing is kept, and stays nothing.
        let nothing = with_id(set(&id, "k", "Number", 1), "nothing");
        assert_eq!(caller.update(&nothing).await.unwrap().revision, 2);
        caller.update(&set(&id, "k", "Number", 2)).await.unwrap();
        assert_eq!(caller.update(&nothing).await.unwrap().revision, 2);
        assert_eq!(service.rest().get(&id).await.revision(), 3);
    }
}

const CALLERS: usize = 6;
const UPDATES: usize = 15;
/// As many of a hundred replies are lost.
const LOST: usize = 60;

async fn updates_are_made_once_however_many_replies_are_lost(store: Store) {
    let mut random = Random::new(20_240_607);
    let service = Service::start(store).await;
    let other = (store == Store::Postgres).then(|| service.another(&[]));
    let servers: Vec<_> = std::iter::once(&service.server).chain(&other).collect();
    service.create("hot", "{}").await;
    let grpc = service.grpc().await;
    let mut watch = Watch::start(&grpc, watch::session("hot")).await;
    let mut proxies = Vec::new();
    for server in &servers {
        let cut = Cut::GrpcReply(LOST);
        proxies.push((true, Proxy::before(server.address("grpc"), cut, random.fork()).await));
        let cut = Cut::RestReply(LOST);
        proxies.push((false, Proxy::before(server.address("http"), cut, random.fork()).await));
    }

    // Others change the same attributes all the while, so that an update that is made again would be a change.
    let done = Arc::new(AtomicBool::new(false));
    let others: Vec<_> = servers
        .iter()
        .map(|server| tokio::spawn(disturb(Caller::Rest(Rest::new(server.address("http"))), done.clone())))
        .collect();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let ways = proxies.iter().map(|(is_grpc, proxy)| match is_grpc {
                true => Caller::Grpc(connect_lazily(proxy.address())),
                false => Caller::Rest(Rest::new(proxy.address())),
            });
            tokio::spawn(update(caller, ways.collect(), random.fork()))
        })
        .collect();
    let mut answers = Vec::new();
    for caller in callers {
        answers.extend(caller.await.unwrap());
    }
    done.store(true, Ordering::Relaxed);
    for other in others {
        other.await.unwrap();
    }
    assert_eq!(answers.len(), CALLERS * UPDATES);
    let cuts: Vec<_> = proxies.iter().map(|(_, proxy)| proxy.cuts()).collect();
    assert!(cuts.iter().all(|cuts| *cuts > 0), "{cuts:?}");

    // Each was made once, and was answered as that left the session.
    let last = service.rest().get("hot").await.revision();
    let received = watch.take(usize::try_from(last - 1).unwrap()).await;
    let mut made: BTreeMap<String, Vec<Session>> = BTreeMap::new();
    for event in received.iter().filter(|event| !event.request_id.is_empty()) {
        made.entry(event.request_id.clone()).or_default().push(session(event));
    }
    let expected: BTreeMap<_, _> =
        answers.iter().map(|(request, answer)| (request.request_id.clone(), vec![answer.clone()])).collect();
    assert!(
        made == expected,
        "{} of {} requests were made as they were answered",
        count_same(&made, &expected),
        expected.len()
    );
    let mut kept: Vec<_> = history(&grpc, "hot", "", 7).await.into_iter().map(|it| it.request_id).collect();
    kept.retain(|id| !id.is_empty());
    kept.sort();
    assert_eq!(kept, expected.into_keys().collect::<Vec<_>>());
    // Long after, from whichever instance, they are answered the same.
    for (request, answer) in &answers {
        for server in &servers {
            let caller = Caller::Rest(Rest::new(server.address("http")));
            assert_eq!(caller.update(request).await.as_ref(), Ok(answer));
        }
    }
    assert_eq!(service.rest().get("hot").await.revision(), last);
}

fn count_same<T: PartialEq>(a: &BTreeMap<String, T>, b: &BTreeMap<String, T>) -> usize {
    a.iter().filter(|(key, value)| b.get(*key) == Some(value)).count()
}

/// The session of an event.
fn session(event: &ChannelSessionEvent) -> Session {
    let event = json(&event.json);
    let member = |name: &str| event.as_object().unwrap().get(name).unwrap().clone();
    let revision =
        member("change").as_object().and_then(|change| change.get("revision")?.to_text().parse().ok());
    Session { revision: revision.unwrap(), document: member("channelSession") }
}

/// Makes updates one after the other, each until it is answered, and returns the answers.
async fn update(caller: usize, ways: Vec<Caller>, mut random: Random) -> Vec<(UpdateDataRequest, Session)> {
    let mut answers = Vec::new();
    for at in 0..UPDATES {
        let value = caller * UPDATES + at;
        let attributes = format!(
            r#"[{{"key":"own-{caller}","type":"Number","value":{value}}},{{"key":"shared","type":"Number","value":{value}}}]"#
        );
        let request = UpdateDataRequest { attributes_json: Some(attributes), ..set("hot", "", "", "") };
        let request = with_id(request, format!("request-{caller}-{at}"));
        let answer = until_answered(|| random.pick(&ways).clone(), &request).await;
        answers.push((request, answer));
    }
    answers
}

async fn disturb(caller: Caller, done: Arc<AtomicBool>) {
    let mut value = 0;
    while !done.load(Ordering::Relaxed) {
        value -= 1;
        caller.update(&set("hot", "shared", "Number", value)).await.unwrap();
    }
}

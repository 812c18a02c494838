//! Two processes on one PostgreSQL, with writers and watchers on both, while connections are cut at random and each process
//! in its turn is killed and started again: each watcher ends with every acknowledged change, in order.

mod watcher;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use channel_session_api::v1::{UpdateDataRequest, WatchChannelSessionsRequest};

use crate::support::{
    Caller, Proxy, Random, Rest, Service, Store, Watch,
    caller::{set, until_answered},
    process::Process,
    proxy::Cut,
    service::connect_lazily,
    timeout::until,
    watch::{conversation, everything, session},
};
use watcher::{Watcher, Way};

const CONVERSATIONS: usize = 3;
const SESSIONS: usize = 9;
const WRITERS: usize = 6;
/// How many changes each of them makes.
const CHANGES: usize = 100;
/// What the last change of a session sets.
const LAST: &str = "last";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_watcher_ends_with_every_acknowledged_change_in_order() {
    let mut random = Random::new(20_250_607);
    let mut service = Service::start(Store::Postgres).await;
    let mut other = service.another(&[]);
    for at in 0..SESSIONS {
        let document = format!(r#"{{"conversationId":"c{}"}}"#, at % CONVERSATIONS);
        service.create(&format!("s{at}"), &document).await;
    }
    let mut ways = Vec::new();
    for server in [&service.server, &other] {
        ways.push(Ways::to(server, &mut random).await);
    }
    let from = Watch::start(&service.grpc().await, everything("")).await.position;
    let watchers: Vec<_> = watchers(&ways, &from)
        .map(|watcher| (watcher.sessions.clone(), tokio::spawn(watcher.run(random.fork()))))
        .collect();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let callers = ways.iter().flat_map(Ways::callers).collect();
            tokio::spawn(write(writer, callers, acknowledged.clone(), random.fork()))
        })
        .collect();

    let so_far = async |part: usize| {
        let enough = WRITERS * CHANGES * part / 3;
        until("the writers", async || acknowledged.load(Ordering::Relaxed) >= enough).await;
    };
    so_far(1).await;
    other.kill();
    other = service.another(&[]);
    ways[1].lead_to(&other);
    so_far(2).await;
    service.kill_server();
    service.server = service.another(&[]);
    ways[0].lead_to(&service.server);

    let mut changes = BTreeMap::new();
    for writer in writers {
        changes.extend(writer.await.unwrap());
    }
    let callers: Vec<_> = ways.iter().flat_map(Ways::callers).collect();
    for at in 0..SESSIONS {
        changes
            .extend([change(&format!("s{at}"), LAST, "Boolean", "true", LAST, &callers, &mut random).await]);
    }
    assert_eq!(changes.len(), WRITERS * CHANGES + SESSIONS);

    let (mut resumed, mut repeated) = (0, 0);
    for (sessions, watcher) in watchers {
        let received = watcher.await.unwrap();
        let expected: BTreeMap<_, _> = changes
            .iter()
            .filter(|((id, _), _)| sessions.contains(id))
            .map(|(at, id)| (at.clone(), id.clone()))
            .collect();
        let missing: Vec<_> =
            expected.iter().filter(|(at, id)| received.changes.get(*at) != Some(*id)).collect();
        assert_eq!(missing, [], "of {sessions:?}");
        // Nobody else has changed anything, so there is nothing else to hear of.
        assert_eq!(received.changes.len(), expected.len(), "of {sessions:?}");
        assert!(received.begun > 1, "the watcher of {sessions:?} was never cut off");
        resumed += received.begun - 1;
        repeated += received.repeated;
    }
    let cuts: Vec<_> = ways.iter().flat_map(|ways| ways.proxies().map(Proxy::cuts)).collect();
    assert!(cuts.iter().all(|cuts| *cuts > 0), "{cuts:?}");
    println!("{resumed} times a watcher went on, {repeated} events came twice; cuts: {cuts:?}");
}

/// The ways to one server, whose connections are cut at random.
struct Ways {
    grpc: Proxy,
    rest: Proxy,
    watch: Proxy,
    events: Proxy,
}

impl Ways {
    async fn to(server: &Process, random: &mut Random) -> Self {
        let (grpc, http) = (server.address("grpc"), server.address("http"));
        Self {
            grpc: Proxy::before(grpc, Cut::GrpcReply(15), random.fork()).await,
            rest: Proxy::before(http, Cut::RestReply(15), random.fork()).await,
            watch: Proxy::before(grpc, Cut::After(30_000), random.fork()).await,
            events: Proxy::before(http, Cut::After(30_000), random.fork()).await,
        }
    }

    fn proxies(&self) -> impl Iterator<Item = &Proxy> {
        [&self.grpc, &self.rest, &self.watch, &self.events].into_iter()
    }

    /// The server has another address now.
    fn lead_to(&self, server: &Process) {
        for (proxy, of) in self.proxies().zip(["grpc", "http", "grpc", "http"]) {
            proxy.point_to(server.address(of));
        }
    }

    fn callers(&self) -> [Caller; 2] {
        [Caller::Grpc(connect_lazily(self.grpc.address())), Caller::Rest(Rest::new(self.rest.address()))]
    }
}

/// A change that was acknowledged: of which session and with which revision, and the request that made it.
type Change = ((String, i64), String);

async fn change(
    id: &str,
    key: &str,
    value_type: &str,
    value: &str,
    name: &str,
    callers: &[Caller],
    random: &mut Random,
) -> Change {
    let request_id = format!("{id}-{name}");
    let request = UpdateDataRequest { request_id: request_id.clone(), ..set(id, key, value_type, value) };
    let session = until_answered(|| random.pick(callers).clone(), &request).await;
    ((id.to_owned(), session.revision), request_id)
}

/// Changes any of the sessions, one after the other, each until it is acknowledged.
async fn write(
    writer: usize,
    callers: Vec<Caller>,
    acknowledged: Arc<AtomicUsize>,
    mut random: Random,
) -> Vec<Change> {
    let mut changes = Vec::with_capacity(CHANGES);
    for at in 0..CHANGES {
        let (id, key) = (format!("s{}", random.below(SESSIONS)), format!("w{writer}"));
        let name = format!("{writer}-{at}");
        changes.push(change(&id, &key, "Number", &at.to_string(), &name, &callers, &mut random).await);
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    changes
}

/// Two of all sessions, one of them over SSE; and of a session and of a conversation, two each.
fn watchers(ways: &[Ways], from: &str) -> impl Iterator<Item = Watcher> {
    let all = || (0..SESSIONS).map(|at| format!("s{at}")).collect::<Vec<_>>();
    let grpc = |request: WatchChannelSessionsRequest| -> Vec<Way> {
        let client = |ways: &Ways| connect_lazily(ways.watch.address());
        ways.iter().map(|ways| Way::Grpc(client(ways), request.clone())).collect()
    };
    let sse = |query: &str| -> Vec<Way> {
        ways.iter().map(|ways| Way::Sse(Rest::new(ways.events.address()), query.to_owned())).collect()
    };
    let of_conversation =
        |at: usize| (at..SESSIONS).step_by(CONVERSATIONS).map(|at| format!("s{at}")).collect();
    let watcher = |ways: Vec<Way>, sessions: Vec<String>| Watcher { ways, from: from.to_owned(), sessions };
    let watchers = vec![
        watcher(grpc(everything("")), all()),
        watcher(sse(""), all()),
        watcher(grpc(session("s0")), vec!["s0".to_owned()]),
        watcher(sse("channelSessionId=s4"), vec!["s4".to_owned()]),
        watcher(grpc(conversation("c1")), of_conversation(1)),
        watcher(sse("conversationId=c2"), of_conversation(2)),
    ];
    watchers.into_iter()
}

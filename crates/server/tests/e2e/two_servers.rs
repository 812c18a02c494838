//! Two processes on one PostgreSQL, with writers and watchers on both, while connections are cut at random and each process
//! in its turn is killed and started again: each watcher ends with every acknowledged change, in order.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use channel_session_api::v1::{UpdateDataRequest, WatchChannelSessionsRequest};
use serde_json::Value;

use crate::support::{
    Caller, Client, Proxy, Random, Rest, Service, Sse, Store, Watch,
    caller::{set, until_answered},
    patience::until,
    process::Process,
    proxy::Cut,
    service::connect_lazily,
    watch::{conversation, everything, session},
};

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
        let heard = watcher.await.unwrap();
        let expected: BTreeMap<_, _> = changes
            .iter()
            .filter(|((id, _), _)| sessions.contains(id))
            .map(|(at, id)| (at.clone(), id.clone()))
            .collect();
        let missing: Vec<_> =
            expected.iter().filter(|(at, id)| heard.changes.get(*at) != Some(*id)).collect();
        assert_eq!(missing, [], "of {sessions:?}");
        // Nobody else has changed anything, so there is nothing else to hear of.
        assert_eq!(heard.changes.len(), expected.len(), "of {sessions:?}");
        assert!(heard.begun > 1, "the watcher of {sessions:?} was never cut off");
        resumed += heard.begun - 1;
        repeated += heard.repeated;
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
    let session = until_answered(callers, &request, random).await;
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

/// One watcher: where it can watch, and what.
struct Watcher {
    ways: Vec<Way>,
    from: String,
    sessions: Vec<String>,
}

/// A way to watch at one of the servers.
enum Way {
    Grpc(Client, WatchChannelSessionsRequest),
    Sse(Rest, String),
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

/// What a watcher has heard.
#[derive(Default)]
struct Heard {
    /// The request that made each revision of each session.
    changes: BTreeMap<(String, i64), String>,
    /// The last revision of each session.
    last: BTreeMap<String, i64>,
    /// How many sessions have come to their last change.
    ended: usize,
    /// How often it has begun to watch.
    begun: usize,
    /// How many events came that had come before.
    repeated: usize,
}

impl Watcher {
    /// Watches until each of the sessions has come to its last change: at either of the servers, until the connection
    /// is cut or it goes away itself, and then on from the last position.
    async fn run(self, mut random: Random) -> Heard {
        let mut heard = Heard::default();
        let mut position = self.from;
        while heard.ended < self.sessions.len() {
            let Some(mut stream) = Stream::open(random.pick(&self.ways), &position).await else {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            heard.begun += 1;
            let mut is_new = false;
            for _ in 0..random.below(30) {
                let Some(event) = stream.next().await else { break };
                let is_repeated = heard.hear(event);
                assert!(
                    !(is_new && is_repeated),
                    "an event comes twice that is not directly behind a resume"
                );
                is_new |= !is_repeated;
                position = stream.position().to_owned();
                if heard.ended == self.sessions.len() {
                    break;
                }
            }
        }
        heard
    }
}

/// Session, revision, request, and whether it is the session's last.
type Event = (String, i64, String, bool);

impl Heard {
    /// Takes an event, which has to come in its turn. Returns whether it had come before.
    fn hear(&mut self, (id, revision, request_id, is_last): Event) -> bool {
        let last = self.last.entry(id.clone()).or_insert(1);
        if revision <= *last {
            assert_eq!(
                self.changes.get(&(id, revision)),
                Some(&request_id),
                "another event with the same revision"
            );
            self.repeated += 1;
            return true;
        }
        assert_eq!(revision, *last + 1, "a gap in {id}");
        *last = revision;
        self.ended += usize::from(is_last);
        self.changes.insert((id, revision), request_id);
        false
    }
}

/// An open watch of either kind.
enum Stream {
    Grpc(Watch),
    Sse(Sse),
}

impl Stream {
    async fn open(way: &Way, position: &str) -> Option<Self> {
        match way {
            Way::Grpc(client, request) => {
                let request =
                    WatchChannelSessionsRequest { position: position.to_owned(), ..request.clone() };
                match Watch::try_start(client, request).await {
                    Ok(watch) => Some(Self::Grpc(watch)),
                    // What the client finds out by itself has no details.
                    Err(status) => {
                        assert!(status.details().is_empty(), "{status:?}");
                        None
                    }
                }
            }
            Way::Sse(rest, query) => Sse::reach(rest, query, position).await.map(Self::Sse),
        }
    }

    async fn next(&mut self) -> Option<Event> {
        match self {
            Self::Grpc(watch) => match watch.try_next().await {
                Ok(event) => {
                    let is_last = event.changes.iter().any(|change| change.key == LAST);
                    Some((event.channel_session_id, event.revision, event.request_id, is_last))
                }
                Err(status) => {
                    assert!(status.details().is_empty(), "{status:?}");
                    None
                }
            },
            Self::Sse(sse) => {
                let event: Value = serde_json::from_str(&sse.try_next().await?.data).unwrap();
                let data = &event["data"];
                let text = |name: &str| data[name].as_str().unwrap().to_owned();
                let is_last = data["changes"].as_array().unwrap().iter().any(|change| change["key"] == LAST);
                Some((
                    text("channelSessionId"),
                    data["revision"].as_i64().unwrap(),
                    text("requestId"),
                    is_last,
                ))
            }
        }
    }

    fn position(&self) -> &str {
        match self {
            Self::Grpc(watch) => &watch.position,
            Self::Sse(sse) => &sse.last_event_id,
        }
    }
}

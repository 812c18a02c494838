//! A watcher that is cut off again and again, and holds what it hears to what it may hear.

use std::{collections::BTreeMap, time::Duration};

use channel_session_api::v1::WatchChannelSessionsRequest;
use serde_json::Value;

use super::LAST;
use crate::support::{Client, Random, Rest, Sse, Watch};

/// One watcher: where it can watch, and what.
pub(super) struct Watcher {
    pub(super) ways: Vec<Way>,
    pub(super) from: String,
    pub(super) sessions: Vec<String>,
}

/// A way to watch at one of the servers.
pub(super) enum Way {
    Grpc(Client, WatchChannelSessionsRequest),
    Sse(Rest, String),
}

/// What a watcher has received.
#[derive(Default)]
pub(super) struct Received {
    /// The request that made each revision of each session.
    pub(super) changes: BTreeMap<(String, i64), String>,
    /// The last revision of each session.
    last: BTreeMap<String, i64>,
    /// How many sessions have come to their last change.
    ended: usize,
    /// How often it has begun to watch.
    pub(super) begun: usize,
    /// How many events came that had come before.
    pub(super) repeated: usize,
}

impl Watcher {
    /// Watches until each of the sessions has come to its last change: at either of the servers, until the connection
    /// is cut or it goes away itself, and then on from the last position.
    pub(super) async fn run(self, mut random: Random) -> Received {
        let mut received = Received::default();
        let mut position = self.from;
        while received.ended < self.sessions.len() {
            let Some(mut stream) = Stream::open(random.pick(&self.ways), &position).await else {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            received.begun += 1;
            let mut is_new = false;
            for _ in 0..random.below(30) {
                let Some(event) = stream.next().await else { break };
                let is_repeated = received.hear(event);
                assert!(
                    !(is_new && is_repeated),
                    "an event comes twice that is not directly behind a resume"
                );
                is_new |= !is_repeated;
                position = stream.position().to_owned();
                if received.ended == self.sessions.len() {
                    break;
                }
            }
        }
        received
    }
}

/// Session, revision, request, and whether it is the session's last.
type Event = (String, i64, String, bool);

impl Received {
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
                let change = &event["change"];
                let text = |name: &str| change[name].as_str().unwrap().to_owned();
                let mut attributes = change["attributes"].as_array().unwrap().iter();
                let is_last = attributes.any(|attribute| attribute["key"] == LAST);
                Some((
                    text("channelSessionId"),
                    change["revision"].as_i64().unwrap(),
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

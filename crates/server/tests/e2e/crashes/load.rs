//! Full load: callers over both transports, each with one update after the other of any of the sessions.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use channel_session_api::v1::UpdateDataRequest;
use tokio::task::JoinSet;

use crate::support::{
    Answered, Caller, Ledger, Random, Service,
    caller::{expect, set, until_answered},
    ledger::new_value,
    timeout::until,
};

const CALLERS: usize = 64;

/// Beside the one that a third of all updates are of.
const SESSIONS: usize = 30;
const HOT: &str = "hot";

/// How many of a hundred updates break a rule.
const REFUSED: usize = 10;

/// What those are refused with.
pub(crate) const REFUSALS: [&str; 3] = ["INVALID_ATTRIBUTES", "TOO_MANY_ATTRIBUTES", "ATTRIBUTE_MISMATCH"];

/// With them, sessions have as many attributes as they may.
pub(crate) const FLAGS: [&str; 2] = ["--max-attributes", "2"];
const FULL: &str = r#"{"channelData":{"additionalAttributes":[
    {"key":"n","type":"Number","value":0},{"key":"other","type":"Boolean","value":true}]}}"#;

/// The sessions that are updated.
pub(crate) fn ids() -> Vec<String> {
    (0..SESSIONS).map(|at| format!("s{at}")).chain([HOT.to_owned()]).collect()
}

/// Load that goes on until it is ended.
pub(crate) struct Load {
    shared: Arc<Shared>,
    callers: JoinSet<Ledger>,
}

struct Shared {
    ids: Vec<String>,
    /// Ways to the server that runs right now.
    ways: Mutex<Vec<Caller>>,
    acknowledged: AtomicUsize,
    ends: AtomicBool,
}

impl Load {
    /// Creates the sessions, and begins.
    pub(crate) async fn begin(service: &Service) -> Self {
        let ids = ids();
        for id in &ids {
            service.create(id, FULL).await;
        }
        let shared = Arc::new(Shared {
            ids,
            ways: Mutex::new(ways(service).await),
            acknowledged: AtomicUsize::new(0),
            ends: AtomicBool::new(false),
        });
        let mut random = Random::new(20_260_101);
        let callers = (0..CALLERS).map(|at| shared.clone().call(at % 4 == 0, random.fork())).collect();
        Self { shared, callers }
    }

    /// The service has another address now.
    pub(crate) async fn lead_to(&self, service: &Service) {
        let ways = ways(service).await;
        *self.shared.ways.lock().unwrap() = ways;
    }

    /// Waits until as many more updates have been acknowledged.
    pub(crate) async fn goes_on(&self, updates: usize) {
        let acknowledged = || self.shared.acknowledged.load(Ordering::Relaxed);
        let enough = acknowledged() + updates;
        until("the load", async || acknowledged() >= enough).await;
    }

    /// Ends with each caller's last update, and gives what they were answered.
    pub(crate) async fn end(self) -> Ledger {
        self.shared.ends.store(true, Ordering::Relaxed);
        let mut ledger = Ledger::default();
        for of_caller in self.callers.join_all().await {
            ledger.append(of_caller);
        }
        ledger
    }
}

async fn ways(service: &Service) -> Vec<Caller> {
    let mut ways = vec![Caller::Rest(service.rest())];
    for _ in 0..2 {
        ways.push(Caller::Grpc(service.grpc().await));
    }
    ways
}

impl Shared {
    /// One caller. One that repeats names each request and sends it until it is answered; any other takes what comes of an
    /// update, and goes on with the next one.
    async fn call(self: Arc<Self>, repeats: bool, mut random: Random) -> Ledger {
        let mut ledger = Ledger::default();
        while !self.ends.load(Ordering::Relaxed) {
            let id = if random.percent(33) { HOT } else { random.pick(&self.ids) }.to_owned();
            let value = new_value();
            let answered = if random.percent(REFUSED) {
                Answered::by(self.way(&mut random).ask(&against_a_rule(&id, value, &mut random)).await)
            } else if repeats {
                let request = UpdateDataRequest {
                    request_id: format!("request-{value}"),
                    ..set(&id, "n", "Number", value)
                };
                Answered::Made(until_answered(|| self.way(&mut random), &request).await.revision)
            } else {
                Answered::by(self.way(&mut random).ask(&set(&id, "n", "Number", value)).await)
            };
            if matches!(answered, Answered::Made(_)) {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            } else {
                // As callers do: not at once.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            ledger.enter(&id, value, answered);
        }
        ledger
    }

    fn way(&self, random: &mut Random) -> Caller {
        random.pick(&self.ways.lock().unwrap()).clone()
    }
}

/// An update that is refused for what it is itself, or for what the session is.
fn against_a_rule(id: &str, value: u64, random: &mut Random) -> UpdateDataRequest {
    match random.below(3) {
        0 => set(id, "n", "Number", format!("\"no {value}\"")),
        1 => set(id, "one-too-many", "Number", value),
        _ => UpdateDataRequest { preconditions: vec![expect("n", "-1")], ..set(id, "n", "Number", value) },
    }
}

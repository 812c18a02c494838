//! Under load, with deadlines that pass and callers that hang up at every moment: an update whose caller was told that time
//! was over is never made, unless it was told that the outcome is unknown.

use std::{sync::Arc, time::Duration};

use channel_session_api::v1::UpdateDataRequest;
use tokio::task::JoinSet;
use tonic::Request;

use crate::support::{
    Caller, Ledger, Random, Service, Store, Told,
    caller::{answer, set},
    ledger::new_value,
    on_both_stores,
    patience::within,
    raw,
    service::connect,
};

on_both_stores!(what_callers_were_told_when_time_was_over_is_so);

const CALLERS: usize = 64;
const SESSIONS: usize = 8;

/// How many updates each caller makes before it is looked at what they were told.
const UPDATES: usize = 10;

/// How often each of what there is to tell was told, at least.
const ENOUGH: usize = 200;

const TIME_WAS_OVER: &str = "DEADLINE_EXCEEDED";

async fn what_callers_were_told_when_time_was_over_is_so(store: Store) {
    let mut random = Random::new(20_260_102);
    let mut service = Service::start(store).await;
    let ids: Vec<_> = (0..SESSIONS).map(|at| format!("s{at}")).collect();
    for id in &ids {
        service.create(id, "{}").await;
    }
    let callers = Arc::new(Callers {
        ids: ids.clone(),
        patient: [Caller::Grpc(service.grpc().await), Caller::Rest(service.rest())],
        hurried: raw::client(service.server.address("grpc")),
    });
    let mut ledger = Ledger::default();
    within("enough of everything that can be told", async {
        while !has_enough_of_each(&ledger) {
            let round: JoinSet<_> = (0..CALLERS).map(|_| callers.clone().call(random.fork())).collect();
            for of_caller in round.join_all().await {
                ledger.append(of_caller);
            }
        }
    })
    .await;

    let is_strange = |told: &Told| match told {
        Told::NotMade(reason) | Told::OutcomeUnknown(reason) => reason != TIME_WAS_OVER,
        Told::Made(_) | Told::Nothing => false,
    };
    assert_eq!(ledger.count(is_strange), 0, "{ledger}");
    // What was sent is made by the time that the service has stopped.
    service.server.ask_to_stop();
    assert!(service.stop_server().success());
    let another = service.another(&[]);
    let unheard_of = ledger.is_kept(&connect(another.address("grpc")).await, &ids).await;
    eprintln!("{ledger}; {unheard_of} were made that their callers know nothing of");
}

fn has_enough_of_each(ledger: &Ledger) -> bool {
    let time_was_over = || TIME_WAS_OVER.to_owned();
    let told = [Told::NotMade(time_was_over()), Told::OutcomeUnknown(time_was_over()), Told::Nothing];
    ledger.count(|told| matches!(told, Told::Made(_))) >= ENOUGH
        && told.iter().all(|told| ledger.count(|it| it == told) >= ENOUGH)
}

struct Callers {
    ids: Vec<String>,
    patient: [Caller; 2],
    hurried: raw::Client,
}

impl Callers {
    /// Makes updates: of each three, one is waited for, one has a deadline, and of one the caller hangs up.
    async fn call(self: Arc<Self>, mut random: Random) -> Ledger {
        let mut ledger = Ledger::default();
        for _ in 0..UPDATES {
            let (id, value) = (random.pick(&self.ids), new_value());
            let request = set(id, "n", "Number", value);
            // Short times as often as long ones.
            let time = Duration::from_micros(100 << random.below(8));
            let told = match random.below(3) {
                0 => Told::by(random.pick(&self.patient).ask(&request).await),
                1 => self.with_deadline(time, request).await,
                _ => {
                    let hung_up = tokio::time::timeout(time, random.pick(&self.patient).ask(&request));
                    hung_up.await.map_or(Told::Nothing, Told::by)
                }
            };
            ledger.enter(id, value, told);
        }
        ledger
    }

    /// Gives the service a deadline, and waits for what it has to say.
    async fn with_deadline(&self, time: Duration, request: UpdateDataRequest) -> Told {
        let mut request = Request::new(request);
        request.set_timeout(time);
        let answer = answer(self.hurried.clone().update_data(request).await);
        assert!(answer.is_some(), "the service said nothing");
        Told::by(answer)
    }
}

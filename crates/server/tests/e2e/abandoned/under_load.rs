//! Under load, with deadlines that pass and callers that hang up at every moment: an update whose caller was answered
//! that time was over is never made, unless it was answered that the outcome is unknown.

use std::{sync::Arc, time::Duration};

use channel_session_api::v1::UpdateDataRequest;
use tokio::task::JoinSet;
use tonic::Request;

use crate::support::{
    Answered, Caller, Ledger, Random, Service, Store,
    caller::{answer, set},
    ledger::new_value,
    on_both_stores, raw,
    service::connect,
    timeout::within,
};

on_both_stores!(what_callers_were_told_when_time_was_over_is_so);

const CALLERS: usize = 64;
const SESSIONS: usize = 8;

/// How many updates each caller makes before it is looked at what they were answered.
const UPDATES: usize = 10;

/// How often there was each of the possible answers, at least.
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
    within("enough of each possible answer", async {
        while !has_enough_of_each(&ledger) {
            let round: JoinSet<_> = (0..CALLERS).map(|_| callers.clone().call(random.fork())).collect();
            for of_caller in round.join_all().await {
                ledger.append(of_caller);
            }
        }
    })
    .await;

    let is_strange = |answered: &Answered| match answered {
        Answered::NotMade(reason) | Answered::OutcomeUnknown(reason) => reason != TIME_WAS_OVER,
        Answered::Made(_) | Answered::Nothing => false,
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
    let answered =
        [Answered::NotMade(time_was_over()), Answered::OutcomeUnknown(time_was_over()), Answered::Nothing];
    ledger.count(|answered| matches!(answered, Answered::Made(_))) >= ENOUGH
        && answered.iter().all(|answered| ledger.count(|it| it == answered) >= ENOUGH)
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
            let answered = match random.below(3) {
                0 => Answered::by(random.pick(&self.patient).ask(&request).await),
                1 => self.with_deadline(time, request).await,
                _ => {
                    let hung_up = tokio::time::timeout(time, random.pick(&self.patient).ask(&request));
                    hung_up.await.map_or(Answered::Nothing, Answered::by)
                }
            };
            ledger.enter(id, value, answered);
        }
        ledger
    }

    /// Gives the service a deadline, and waits for what it has to say.
    async fn with_deadline(&self, time: Duration, request: UpdateDataRequest) -> Answered {
        let mut request = Request::new(request);
        request.set_timeout(time);
        let answer = answer(self.hurried.clone().update_data(request).await);
        assert!(answer.is_some(), "the service said nothing");
        Answered::by(answer)
    }
}

//! The server or PostgreSQL killed in the middle of full load, again and again: no acknowledged update is lost, none is made
//! twice, and none that was refused is made.

pub(crate) mod load;

use store_testkit::postgres::{Cluster, Options};

use crate::support::{
    Answered, Front, Ledger, Service, Store, on_both_stores, service::connect, timeout::until,
};
use load::{FLAGS, Load, REFUSALS};

const KILLS: usize = 20;

/// How many updates are acknowledged between two kills at least.
const PROGRESS: usize = 100;

on_both_stores!(kills_of_the_server_lose_and_double_nothing);

async fn kills_of_the_server_lose_and_double_nothing(store: Store) {
    let mut service = Service::with(store, Front::Combined, &FLAGS).await;
    let load = Load::begin(&service).await;
    for _ in 0..KILLS {
        load.goes_on(PROGRESS).await;
        service.kill_server();
        service.server = service.another(&FLAGS);
        load.lead_to(&service).await;
    }
    load.goes_on(PROGRESS).await;
    let ledger = load.end().await;
    // Kills came between an update and its answer.
    assert!(check(&service, &ledger).await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_postgresql_lose_and_double_nothing() {
    // It runs with `fsync=off`, which is all the same here: a commit has been handed to the kernel before it is acknowledged,
    // and the kernel keeps it whatever becomes of the processes. Only the loss of the machine would show a difference.
    let cluster = Cluster::start(Options::default()).await;
    let service = Service::on(&cluster.url("postgres"), &FLAGS);
    let load = Load::begin(&service).await;
    let rest = service.rest();
    for _ in 0..KILLS {
        load.goes_on(PROGRESS).await;
        cluster.crash();
        cluster.restart().await;
        until("the way to readiness", async || rest.is_ready().await).await;
    }
    load.goes_on(PROGRESS).await;
    let ledger = load.end().await;
    // The server was there all the time, and has something to say to everybody.
    assert_eq!(ledger.count(|answered| *answered == Answered::Nothing), 0, "{ledger}");
    // Kills came while updates were under way in PostgreSQL.
    let was_cut_off = |answered: &Answered| matches!(answered, Answered::OutcomeUnknown(_));
    assert!(ledger.count(was_cut_off) > 0, "{ledger}");
    check(&service, &ledger).await;
}

/// Holds what callers were answered against what is stored, which another process reads: it has no connection, cache or
/// log of the first one. Returns how many updates were made of which their callers know nothing.
async fn check(service: &Service, ledger: &Ledger) -> usize {
    let reasons = REFUSALS.into_iter().chain(["STORE_UNAVAILABLE"]).collect::<Vec<_>>();
    let is_strange = |answered: &Answered| match answered {
        Answered::NotMade(reason) | Answered::OutcomeUnknown(reason) => !reasons.contains(&&**reason),
        Answered::Made(_) | Answered::Nothing => false,
    };
    assert_eq!(ledger.count(is_strange), 0, "{ledger}");
    for refusal in REFUSALS {
        assert!(ledger.count(|answered| *answered == Answered::NotMade(refusal.to_owned())) > 0, "{ledger}");
    }
    let another = service.another(&[]);
    let unheard_of = ledger.is_kept(&connect(another.address("grpc")).await, &load::ids()).await;
    eprintln!("{ledger}; {unheard_of} were made that their callers know nothing of");
    unheard_of
}

//! How often keys are fetched, and who waits for that. In a time of the tests' own.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use jsonwebtoken::{Algorithm, Header};
use tokio::time::{Instant, sleep};

use super::{
    super::{claims::Path, fetch::Fetch, keys::Missing, settings::Tenant, verify::Reason},
    *,
};

const ISSUER: &str = "https://id.example.com/realms/blue";

/// A source of keys that does as the test says.
#[derive(Clone)]
struct Script(Arc<Mutex<State>>);

struct State {
    answer: Answer,
    fetches: usize,
    /// Those that are under way.
    open: usize,
}

#[derive(Clone)]
enum Answer {
    Keys(String),
    Error,
    Never,
}

impl Script {
    fn new(answer: Answer) -> Self {
        Self(Arc::new(Mutex::new(State { answer, fetches: 0, open: 0 })))
    }

    fn answer(&self, answer: Answer) {
        self.0.lock().expect("no panic").answer = answer;
    }

    fn fetches(&self) -> usize {
        self.0.lock().expect("no panic").fetches
    }

    fn oidc(&self) -> Oidc {
        let keyring = Keyring::new(Box::new(self.clone()), None, Pace::default());
        let path = |claim| Path::parse(claim).expect("a claim");
        let rules = Rules {
            audience: AUDIENCE.to_owned(),
            tenant: Tenant::Claim(path("tenant_id")),
            scopes: path("scope"),
        };
        Oidc {
            issuers: HashMap::from([(ISSUER.to_owned(), Arc::new(keyring))]),
            rules,
            verified: Verified::default(),
        }
    }
}

/// A fetch that is under way.
struct Open<'a>(&'a Script);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.0.lock().expect("no panic").open -= 1;
    }
}

#[async_trait]
impl Fetch for Script {
    async fn fetch(&mut self) -> Result<Option<Bytes>, String> {
        let answer = {
            let mut state = self.0.lock().expect("no panic");
            state.fetches += 1;
            state.open += 1;
            assert_eq!(state.open, 1, "one at a time");
            state.answer.clone()
        };
        let _open = Open(self);
        match answer {
            Answer::Keys(set) => Ok(Some(set.into())),
            Answer::Error => Err("it is down".to_owned()),
            Answer::Never => std::future::pending().await,
        }
    }

    fn name(&self) -> String {
        ISSUER.to_owned()
    }
}

fn keys(signers: &[&Signer]) -> Answer {
    Answer::Keys(issuer::set(signers))
}

fn made_up(signer: &Signer, at: usize) -> String {
    let header = Header { kid: Some(format!("made-up-{at}")), ..signer.header() };
    signer.sign_with(&header, &claims(ISSUER))
}

#[tokio::test(start_paused = true)]
async fn names_that_are_not_known_are_asked_for_once_a_minute_at_most() {
    let signer = Signer::new("a", Algorithm::ES256);
    let script = Script::new(keys(&[&signer]));
    let oidc = script.oidc();
    oidc.fetched().await;
    for answer in [keys(&[&signer]), Answer::Error] {
        script.answer(answer);
        let before = script.fetches();
        let begun = Instant::now();
        for at in 0..1000 {
            assert_eq!(
                oidc.verify(&made_up(&signer, at)).await.expect_err("no key"),
                Reason::NoKey(Missing::Unknown)
            );
        }
        assert_eq!((script.fetches() - before, begun.elapsed()), (1, Duration::ZERO));
        tokio::time::advance(Duration::from_secs(50)).await;
        oidc.verify(&made_up(&signer, 0)).await.expect_err("no key");
        assert_eq!(script.fetches() - before, 1);
        tokio::time::advance(Duration::from_secs(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_keeps_no_good_call_waiting_and_not_many_others() {
    let signer = Signer::new("a", Algorithm::ES256);
    let script = Script::new(keys(&[&signer]));
    let oidc = Arc::new(script.oidc());
    oidc.fetched().await;
    script.answer(Answer::Never);
    let begun = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    let max_waiting = Pace::default().max_waiting;
    for at in 0..max_waiting + 100 {
        let (oidc, token) = (Arc::clone(&oidc), made_up(&signer, at));
        calls.spawn(async move { oidc.verify(&token).await.expect_err("no key") });
    }
    let mut waited = 0;
    for _ in 0..100 {
        calls.join_next().await.expect("a call").expect("no panic");
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
    // A token that was not shown before, too.
    oidc.verify(&signer.sign(&claims(ISSUER))).await.expect("a good one");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    while let Some(call) = calls.join_next().await {
        call.expect("no panic");
        waited += 1;
    }
    assert_eq!((waited, script.fetches()), (max_waiting, 2));
    assert!(begun.elapsed() >= Pace::default().timeout && begun.elapsed() < Pace::default().timeout * 2);
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_from_time_to_time_and_more_often_after_a_failure() {
    let [old, new] = ["old", "new"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let script = Script::new(keys(&[&old]));
    let oidc = script.oidc();
    oidc.fetched().await;
    let token = old.sign(&claims_with(ISSUER, &json!({"exp": in_seconds(3600)})));
    accept(&oidc, &token).await;
    sleep(Duration::from_secs(8 * 60)).await;
    assert_eq!(script.fetches(), 1);
    // Known keys go on however long the issuer is down.
    script.answer(Answer::Error);
    sleep(Duration::from_secs(4 * 60)).await;
    let before = script.fetches();
    assert!(before >= 2);
    sleep(Duration::from_secs(60 * 60)).await;
    assert!((before + 50..before + 70).contains(&script.fetches()), "{}", script.fetches());
    accept(&oidc, &token).await;
    // A key that was dropped is gone without anybody's asking for another.
    script.answer(keys(&[&new]));
    sleep(Duration::from_secs(2 * 60)).await;
    assert_eq!(refuse(&oidc, &token).await, Reason::NoKey(Missing::Unknown));
    script.answer(Answer::Keys(r#"{"keys":[]}"#.to_owned()));
    sleep(Duration::from_secs(12 * 60)).await;
    assert_eq!(refuse(&oidc, &new.sign(&claims(ISSUER))).await, Reason::NoKey(Missing::Unknown));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_at_the_start_is_found_soon_after_it_is_up() {
    let signer = Signer::new("a", Algorithm::ES256);
    let script = Script::new(Answer::Error);
    let oidc = script.oidc();
    let token = signer.sign(&claims(ISSUER));
    assert_eq!(refuse(&oidc, &token).await, Reason::NoKeys);
    sleep(Duration::from_secs(10 * 60)).await;
    assert!(script.fetches() < 150, "{}", script.fetches());
    script.answer(keys(&[&signer]));
    sleep(Duration::from_secs(6)).await;
    accept(&oidc, &token).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_any_more_when_it_is_gone() {
    let signer = Signer::new("a", Algorithm::ES256);
    let script = Script::new(keys(&[&signer]));
    let oidc = script.oidc();
    // What is kept of a token must not keep the rest alive.
    accept(&oidc, &signer.sign(&claims(ISSUER))).await;
    let access = Access::by(vec![Box::new(oidc)]);
    sleep(Duration::from_secs(15 * 60)).await;
    let before = script.fetches();
    assert!(before >= 2);
    drop(access);
    sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!((script.fetches(), Arc::strong_count(&script.0)), (before, 1));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_is_under_way_ends_with_its_owner() {
    let script = Script::new(Answer::Never);
    let oidc = script.oidc();
    tokio::task::yield_now().await;
    assert_eq!(script.0.lock().expect("no panic").open, 1);
    drop(oidc);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(Arc::strong_count(&script.0), 1);
}

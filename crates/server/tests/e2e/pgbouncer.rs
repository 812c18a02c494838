//! The service through PgBouncer: in session mode, updates, watches and histories are as they are without it; in transaction
//! mode, what cannot work says why.

use channel_session_api::v1::UpdateDataRequest;
use http::Method;
use store_testkit::postgres;

use crate::support::{
    Caller, Rest, Sse, Watch,
    bouncer::{Bouncer, PoolMode},
    caller::{Session, set},
    history::history,
    process::Process,
    rest::JSON,
    service::connect,
    timeout::until,
    watch::everything,
};

const CALLERS: usize = 8;
const UPDATES: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_works_through_pgbouncer_in_session_mode() {
    let database = postgres::database().await;
    let Some(bouncer) = Bouncer::before(database.url(), PoolMode::Session).await else {
        println!("there is no PgBouncer, and none can be installed: nothing to test");
        return;
    };
    let migrated = Process::command(&["migrate", "--database-url", database.url()]).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    let start = |database_url: &str| {
        let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
        Process::start(
            &[&["serve", "--lame-duck", "0s", "--database-url", database_url], &addresses[..]].concat(),
        )
    };
    let mut through = start(bouncer.url());
    let direct = start(database.url());
    let grpc = connect(through.address("grpc")).await;
    let rest = Rest::new(through.address("http"));
    let mut watches = [
        Watch::start(&grpc, everything("")).await,
        Watch::start(&connect(direct.address("grpc")).await, everything("")).await,
    ];
    let from = watches[0].position.clone();
    let mut sse = Sse::open(&rest, "channelSessionId=x").await;

    assert_eq!(rest.create(r#"{"id":"x","conversationId":"c"}"#).await.status, 201);
    // Callers on both, of one session, some under request ids that come twice.
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let server = [&through, &direct][caller % 2];
            let (grpc, http) = (server.address("grpc"), server.address("http"));
            tokio::spawn(async move {
                let callers = [Caller::Grpc(connect(grpc).await), Caller::Rest(Rest::new(http))];
                for at in 0..UPDATES {
                    let request_id = format!("{caller}-{at}");
                    let update = set("x", &format!("k{caller}"), "Number", at);
                    let request = UpdateDataRequest { request_id, ..update };
                    let first = callers[at % 2].update(&request).await;
                    assert_eq!(callers[(at + 1) % 2].update(&request).await, first, "{request:?}");
                    first.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let last = 1 + i64::try_from(CALLERS * UPDATES).unwrap();
    assert_eq!(rest.get("x").await.revision(), last);

    let count = usize::try_from(last).unwrap();
    let mut received = Vec::new();
    for watch in &mut watches {
        received.push(watch.take(count).await);
        assert!(received[0].iter().map(|event| event.revision).eq(1..=last));
    }
    assert_eq!(received[0], received[1]);
    assert!(
        sse.take(count).await.iter().map(|message| &message.data).eq(received[0].iter().map(|it| &it.json))
    );
    let half = watches[0].position.clone();
    let mut past = history(&grpc, "x", "", 30).await;
    past.reverse();
    assert!(past.iter().map(|event| &event.id).eq(received[0].iter().map(|event| &event.id)));
    let page = rest.send(Method::GET, "/channel-sessions?conversationId=c", "", &[]).await;
    let page: serde_json::Value = serde_json::from_str(page.document()).unwrap();
    assert_eq!((&page["channelSessions"][0]["id"], &page["channelSessions"][1]), (&"x".into(), &().into()));

    // A process that comes later goes on from a position of another one.
    through.ask_to_stop();
    assert!(through.wait().success());
    let again = start(bouncer.url());
    let (grpc, rest) = (connect(again.address("grpc")).await, Rest::new(again.address("http")));
    let end = rest.send(Method::POST, "/channel-sessions/x/end", r#"{"reasonCode":"AGENT"}"#, &JSON).await;
    assert_eq!(Session::from(&end).revision, last + 1);
    assert_eq!(watches[1].next().await.revision, last + 1);
    assert_eq!(rest.send(Method::DELETE, "/channel-sessions/x", "", &[]).await.status, 204);
    assert_eq!(rest.create(r#"{"id":"y"}"#).await.status, 201);
    for (position, expected) in [(&half, ["x", "y"]), (&from, ["x", "y"])] {
        let received = Watch::start(&grpc, everything(position)).await.take(2).await;
        assert!(received.iter().map(|event| &*event.channel_session_id).eq(expected), "{received:?}");
    }
    assert_eq!(watches[1].next().await.revision, last + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_migrations_at_once_take_their_turns_also_in_transaction_mode() {
    let database = postgres::database().await;
    let Some(bouncer) = Bouncer::before(database.url(), PoolMode::Transaction).await else {
        println!("there is no PgBouncer, and none can be installed: nothing to test");
        return;
    };
    let url = bouncer.url().to_owned();
    let migrations = (0..4).map(|_| {
        let url = url.clone();
        tokio::task::spawn_blocking(move || {
            Process::command(&["migrate", "--database-url", &url]).output().unwrap()
        })
    });
    for migration in migrations.collect::<Vec<_>>() {
        let migrated = migration.await.unwrap();
        assert!(migrated.status.success(), "{migrated:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_does_not_keep_prepared_statements_is_named() {
    let database = postgres::database().await;
    let Some(bouncer) = Bouncer::before(database.url(), PoolMode::Transaction).await else {
        println!("there is no PgBouncer, and none can be installed: nothing to test");
        return;
    };
    let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let serve = ["serve", "--lame-duck", "0s", "--database-url", bouncer.url()];
    let service = Process::start(&[&serve[..], &addresses].concat());
    let rest = Rest::new(service.address("http"));
    // Whether one call is refused is up to the pooler: it may give a connection its own server again.
    let refused = async || rest.get("x").await.failure().reason == "STORE_UNAVAILABLE";
    until("a call that is refused", refused).await;
    let named = async || {
        rest.get("x").await;
        service.log().iter().any(|line| line.to_string().contains("max_prepared_statements"))
    };
    until("a line that names the pooler's setting", named).await;
}

//! Commits that are held open on purpose, so that events of later transactions become visible first: nothing is skipped, and
//! nothing waits for what is held.

use channel_session_api::v1::{ChannelSessionEvent, WatchChannelSessionsRequest};
use sqlx::{Connection, PgConnection};

use crate::support::{
    Caller, Client, Lock, Random, Service, Sse, Store, Watch,
    caller::set,
    watch::{conversation, everything, session},
};

/// A transaction that has recorded a change and does not commit: it draws its id long before others who commit
/// sooner.
struct Held {
    connection: PgConnection,
    id: String,
}

impl Held {
    /// Changes a session as the service would, and holds the commit.
    async fn begin(database_url: &str, id: &str, conversation: Option<&str>) -> Self {
        let mut connection = PgConnection::connect(database_url).await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
        let change = "WITH session AS (
                UPDATE channel_session SET revision = revision + 1 WHERE id = $1 RETURNING tenant_id, id, revision
            )
            INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, conversation_id, requester, changes,
                                               document_bytes)
            SELECT tenant_id, id, revision, 1, 'CHANNEL_SESSION_DATA_UPDATED', 0, $2, 'held', '[]', 2 FROM session";
        let changed = sqlx::query(change).bind(id).bind(conversation).execute(&mut connection).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
        Self { connection, id: id.to_owned() }
    }

    async fn commit(mut self) {
        sqlx::raw_sql("COMMIT").execute(&mut self.connection).await.unwrap();
    }

    async fn give_up(mut self) {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await.unwrap();
    }
}

async fn ask(database_url: &str, query: &'static str) -> String {
    let mut connection = PgConnection::connect(database_url).await.unwrap();
    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
}

fn received(event: &ChannelSessionEvent) -> (String, i64) {
    (event.channel_session_id.clone(), event.revision)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_waits_for_its_row_comes_after_those_that_did_not() {
    let service = Service::start(Store::Postgres).await;
    let grpc = service.grpc().await;
    for id in ["waits", "x", "y"] {
        service.create(id, "{}").await;
    }
    let mut watch = Watch::start(&grpc, everything("")).await;
    let mut lock = Lock::take(&service.database_url(), &["waits"]).await;
    let waiting = {
        let caller = Caller::Grpc(grpc.clone());
        tokio::spawn(async move { caller.update(&set("waits", "k", "Number", 1)).await })
    };
    lock.is_waited_for_by(1).await;
    let caller = Caller::Grpc(grpc.clone());
    for round in 0..10 {
        for id in ["x", "y"] {
            let session = caller.update(&set(id, "k", "Number", round)).await.unwrap();
            // Delivered at once, while the other one is held.
            assert_eq!(received(&watch.next().await), (id.to_owned(), session.revision));
        }
    }
    let position = watch.position.clone();
    lock.release().await;
    assert_eq!(waiting.await.unwrap().unwrap().revision, 2);
    assert_eq!(received(&watch.next().await), ("waits".to_owned(), 2));
    // It comes to whoever goes on from before it, too.
    let mut resumed = Watch::start(&grpc, everything(&position)).await;
    assert_eq!(received(&resumed.next().await), ("waits".to_owned(), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_an_earlier_transaction_is_told_when_it_is_there() {
    let service = Service::start(Store::Postgres).await;
    let other = service.another(&[]);
    let (grpc, rest) = (service.grpc().await, service.rest());
    service.create("held", r#"{"conversationId":"c"}"#).await;
    service.create("given-up", r#"{"conversationId":"c"}"#).await;
    service.create("x", r#"{"conversationId":"c"}"#).await;
    let mut watches = vec![
        Watch::start(&grpc, everything("")).await,
        Watch::start(&grpc, conversation("c")).await,
        Watch::start(&crate::support::service::connect(other.address("grpc")).await, everything("")).await,
    ];
    let mut of_session = Watch::start(&grpc, session("held")).await;
    let mut sse = Sse::open(&rest, "conversationId=c").await;

    let held = Held::begin(&service.database_url(), "held", Some("c")).await;
    let given_up = Held::begin(&service.database_url(), "given-up", Some("c")).await;
    let caller = Caller::Grpc(grpc.clone());
    let mut positions = Vec::new();
    for round in 0..20 {
        let revision = caller.update(&set("x", "k", "Number", round)).await.unwrap().revision;
        for watch in &mut watches {
            assert_eq!(received(&watch.next().await), ("x".to_owned(), revision));
        }
        sse.next().await;
        positions.push(watches[usize::try_from(round % 3).unwrap()].position.clone());
    }
    given_up.give_up().await;
    held.commit().await;
    // It was the first to draw its transaction id, and the last to be there.
    let order = "SELECT (array_agg(session_id ORDER BY transaction_id))[1] FROM channel_session_event WHERE revision > 1";
    assert_eq!(ask(&service.database_url(), order).await, "held");
    for watch in watches.iter_mut().chain([&mut of_session]) {
        assert_eq!(received(&watch.next().await), ("held".to_owned(), 2));
    }
    assert!(sse.next().await.data.contains(r#""requester":"held""#));
    // Whoever goes on from a position of that time gets what came after it, and what was held.
    for (at, position) in positions.iter().enumerate() {
        let mut rest_of_it: Vec<_> = Watch::start(&grpc, everything(position))
            .await
            .take(20 - at)
            .await
            .iter()
            .map(received)
            .collect();
        rest_of_it.sort();
        let later = (at + 1..20).map(|round| ("x".to_owned(), 2 + i64::try_from(round).unwrap()));
        let mut expected: Vec<_> = later.chain([("held".to_owned(), 2)]).collect();
        expected.sort();
        assert_eq!(rest_of_it, expected, "{at}");
    }
}

/// Many of them, held and let go as chance has it, with watchers that start again all the while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_held_for_however_long_is_told_once() {
    const SESSIONS: usize = 8;
    const STEPS: usize = 120;
    let mut random = Random::new(7);
    let service = Service::start(Store::Postgres).await;
    let url = service.database_url();
    let grpc = service.grpc().await;
    let ids: Vec<String> = (0..SESSIONS).map(|at| format!("s{at}")).collect();
    for id in &ids {
        service.create(id, "{}").await;
    }
    service.create("end", "{}").await;
    let caller = Caller::Grpc(grpc.clone());
    let mut watch = Watch::start(&grpc, everything("")).await;
    let from = watch.position.clone();
    let mut hopping = Hopping { grpc: grpc.clone(), position: from.clone(), seen: Vec::new() };
    let mut held: Vec<Held> = Vec::new();
    let mut committed = Vec::new();
    let mut revisions = [1_i64; SESSIONS];
    for _ in 0..STEPS {
        let at = random.below(SESSIONS);
        let id = &ids[at];
        if let Some(place) = held.iter().position(|held| held.id == *id) {
            // Nobody else may change it as long as it is held.
            held.remove(place).commit().await;
        } else if random.percent(40) {
            held.push(Held::begin(&url, id, None).await);
            continue;
        } else {
            caller.update(&set(id, "k", "Number", revisions[at])).await.unwrap();
        }
        revisions[at] += 1;
        committed.push((id.clone(), revisions[at]));
        // At once, each in its turn, although others with earlier numbers are held.
        assert_eq!(received(&watch.next().await), *committed.last().unwrap());
        if random.percent(30) {
            let left = committed.len() - hopping.seen.len();
            hopping.go_on(random.below(left + 1)).await;
        }
    }
    for held in held {
        let at = ids.iter().position(|id| *id == held.id).unwrap();
        held.commit().await;
        revisions[at] += 1;
        committed.push((ids[at].clone(), revisions[at]));
        assert_eq!(received(&watch.next().await), *committed.last().unwrap());
    }
    caller.update(&set("end", "k", "Number", 1)).await.unwrap();
    assert_eq!(received(&watch.next().await), ("end".to_owned(), 2));

    // Who has come and gone meanwhile has got the same.
    hopping.go_on(committed.len() - hopping.seen.len()).await;
    let mut seen = hopping.seen;
    for id in &ids {
        let of_it: Vec<_> =
            seen.iter().filter(|(received, _)| received == id).map(|(_, revision)| *revision).collect();
        assert!(of_it.is_sorted(), "{id}: {of_it:?}");
    }
    seen.sort();
    committed.sort();
    assert_eq!(seen, committed);
}

/// A watcher that starts again each time, from where it was.
struct Hopping {
    grpc: Client,
    position: String,
    seen: Vec<(String, i64)>,
}

impl Hopping {
    /// Hears of so many changes, or of none, and goes.
    async fn go_on(&mut self, count: usize) {
        let request = WatchChannelSessionsRequest { position: self.position.clone(), ..Default::default() };
        let mut watch = Watch::start(&self.grpc, request).await;
        self.seen.extend(watch.take(count).await.iter().map(received));
        self.position = watch.position;
    }
}

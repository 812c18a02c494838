//! What a read takes does not depend on how much is kept: counted in blocks, over hundreds of thousands of events and
//! sessions, right after they were loaded and before the planner knows anything of them; while somebody's transaction stays
//! open; and again once the planner knows them.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, migrate_with};
use domain::{
    command::{Command, Create, Existing, Operation},
    event::{Position, Scope},
    list::Filter,
    session::{Revision, TenantId},
    store::{Expired, Store as _},
    time::Timestamp,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{
    parsed,
    postgres::{self, Cluster},
};

const EVENTS: i64 = 300_000;
const SESSIONS: i64 = EVENTS / 10;

/// Ten events of each session, thirty of them in a transaction, each of an id that has been given out.
const LOAD: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active)
    SELECT 'default', 's' || n, 10, '{\"channelData\":{\"additionalAttributes\":[{\"key\":\"k\",\"type\":\"Number\",\"value\":10}]}}',
           'c' || n / 3, 'u' || n, 'WEB', n % 100 <> 0
    FROM generate_series(1, 30000) AS n;
    INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, transaction_id, name, at, requester, changes,
                                       conversation_id)
    SELECT 'default', 's' || 1 + n % 30000, 1 + n / 30000, 1 + n % 30,
           ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 10000 + n / 30)::text)::xid8,
           CASE WHEN n < 30000 THEN 'CHANNEL_SESSION_STARTED' ELSE 'CHANNEL_SESSION_DATA_UPDATED' END, n, 'somebody',
           CASE WHEN n < 30000 THEN '[]' ELSE
               '[{\"key\":\"k\",\"index\":0,\"newType\":\"Number\",\"oldType\":\"Number\",\"newValue\":' || 1 + n / 30000
                   || ',\"oldValue\":' || n / 30000 || '}]' END,
           'c' || (1 + n % 30000) / 3
    FROM generate_series(0, 299999) AS n;
    INSERT INTO channel_session (tenant_id, id, revision, document, active)
    SELECT 'default', 'hot', 3000, '{\"channelData\":{\"additionalAttributes\":[]}}', true;
    INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, transaction_id, name, at, requester, changes,
                                       document_before)
    SELECT 'default', 'hot', n, 31, ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 10000 + 3 * n)::text)::xid8,
           'CHANNEL_SESSION_DATA_UPDATED', 3 * n, 'somebody', '[]',
           CASE WHEN n % 32 = 0 THEN '{\"channelData\":{\"additionalAttributes\":[]}}' END
    FROM generate_series(1, 3000) AS n;
    INSERT INTO channel_session_idempotency_record (tenant_id, session_id, request_id, digest, revision, changed, at)
    SELECT 'default', 's' || 1 + n % 30000, 'r' || n, sha256(n::text::bytea), 1 + n / 30000, true, n
    FROM generate_series(0, 299999) AS n";

/// As many events of one session, most of which change a key of which there are others.
const LONG_HISTORY: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, active)
    SELECT 'default', 'long', 300000, '{\"channelData\":{\"additionalAttributes\":[]}}', true;
    INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, transaction_id, name, at, requester, changes)
    SELECT 'default', 'long', n, 1000 + n, ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 10000)::text)::xid8,
           'CHANNEL_SESSION_DATA_UPDATED', n, 'somebody',
           '[{\"key\":\"' || CASE WHEN n % 100000 = 0 THEN 'seldom' ELSE 'often' END
               || '\",\"index\":0,\"newType\":\"Number\",\"newValue\":' || n || '}]'
    FROM generate_series(1, 300000) AS n";

const OWNER: &str =
    "CREATE ROLE owner LOGIN; ALTER DATABASE postgres OWNER TO owner; ALTER SCHEMA public OWNER TO owner";

const GIVE_IDS: &str =
    "DO $$ BEGIN FOR i IN 1..10000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$";

/// The blocks of tables and indexes that were looked at, once the backends that did so have ended and reported it.
async fn blocks(admin: &mut PgConnection) -> i64 {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reads'";
    while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut *admin).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let blocks = "SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)
                             + coalesce(toast_blks_read + toast_blks_hit, 0))::bigint
                  FROM pg_statio_user_tables";
    sqlx::query_scalar(blocks).fetch_one(admin).await.unwrap()
}

struct Database {
    /// The service's, and that of whoever may do all.
    url: String,
    admin_url: String,
    options: Options,
    admin: PgConnection,
    /// What opening the store takes.
    opening: i64,
}

impl Database {
    /// With row-level security, or without.
    async fn load(cluster: &Cluster, row_level_security: bool) -> Self {
        let admin_url = cluster.url("postgres");
        let mut admin = PgConnection::connect(&admin_url).await.unwrap();
        let options = Options { row_level_security, ..Options::default() };
        sqlx::raw_sql(OWNER).execute(&mut admin).await.unwrap();
        let url = admin_url.replace("postgres@", "owner@");
        migrate_with(&url, RowLevelSecurity::Switch(row_level_security)).await.unwrap();
        let url = format!("{url}?application_name=reads");
        // Before the epoch has begun, what is there counts as another database's.
        Store::open(&url, &options).await.unwrap().close().await;
        let mut database = Self { url, admin_url, options, admin, opening: 0 };
        for statement in [GIVE_IDS, LOAD] {
            database.run(statement).await;
        }
        database.is_at_most("opening the store", 300, async |_| {}).await;
        database.opening = database.takes(async |_| {}).await;
        database
    }

    /// Runs a statement on a connection of its own. What it looked at is reported when that has ended, which [`blocks`]
    /// waits for.
    async fn run(&self, statement: &'static str) {
        let url = format!("{}?application_name=reads", self.admin_url);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn open(&self) -> Store {
        Store::open(&self.url, &self.options).await.unwrap()
    }

    /// How many blocks are looked at in some work on a store.
    async fn takes(&mut self, work: impl AsyncFn(&Store)) -> i64 {
        let before = blocks(&mut self.admin).await;
        let store = self.open().await;
        work(&store).await;
        store.close().await;
        blocks(&mut self.admin).await - before - self.opening
    }

    async fn is_at_most(&mut self, what: &str, most: i64, work: impl AsyncFn(&Store)) {
        let taken = self.takes(work).await;
        assert!(taken <= most, "{what}: {taken} blocks, and {most} are enough");
    }

    /// All reads, behind the last event and behind the middle one.
    async fn reads_are_bounded(&mut self, end: &Position, middle: &Position) {
        let tenant = TenantId::only();
        let any = Scope::Any(vec![Scope::Session(parsed::id("s7")), Scope::Conversation("c9".to_owned())]);
        let one = Scope::Session(parsed::id("s20000"));
        let conversation = Scope::Conversation("c9000".to_owned());
        for scope in [&Scope::All, &any, &one, &conversation] {
            self.is_at_most(&format!("an idle poll of {scope:?}"), 60, async |store| {
                let page = store.events(&tenant, scope, end, None, 256).await.unwrap();
                assert!(page.events.is_empty() && page.complete);
            })
            .await;
        }
        self.is_at_most("a page of a resumed watch", 3000, async |store| {
            let page = store.events(&tenant, &Scope::All, middle, None, 100).await.unwrap();
            assert_eq!(page.events.len(), 100);
        })
        .await;
        self.is_at_most("a page up to a position far behind the last", 3000, async |store| {
            let (events, until) = {
                let page = store.events(&tenant, &Scope::All, middle, None, 10).await.unwrap();
                (page.events, page.next)
            };
            let page = store.events(&tenant, &Scope::All, middle, Some(&until), 100).await.unwrap();
            assert_eq!(page.events, events);
        })
        .await;
        self.is_at_most("a step of a resumed watch that finds nothing", 300, async |store| {
            let page = store.events(&tenant, &conversation, middle, None, 100).await.unwrap();
            assert!(page.events.is_empty() && !page.complete);
        })
        .await;
        self.is_at_most("a resumed watch of one session", 150, async |store| {
            let page = store.events(&tenant, &one, middle, None, 100).await.unwrap();
            assert!((1..10).contains(&page.events.len()) && page.complete, "{}", page.events.len());
        })
        .await;
        self.is_at_most("a resumed watch of a session that changes all the time", 3000, async |store| {
            let hot = Scope::Session(parsed::id("hot"));
            let near = self::before(middle, -3700);
            let page = store.events(&tenant, &hot, &near, None, 16).await.unwrap();
            assert_eq!((page.events.len(), page.complete), (16, false));
        })
        .await;
        self.is_at_most("a history", 60, async |store| {
            let page = store.history(&tenant, &parsed::id("s500"), None, None, 5).await.unwrap();
            assert_eq!(page.events.len(), 5);
        })
        .await;
        for (key, before, count) in [("often", None, 100), ("seldom", Some(150_000), 0), ("never", None, 0)] {
            self.is_at_most(&format!("a page of {key:?} before {before:?}"), 200, async |store| {
                let before = before.map(Revision::new);
                let page = store.history(&tenant, &parsed::id("long"), Some(key), before, 100).await.unwrap();
                assert_eq!((page.events.len(), page.next.is_some()), (count, true));
            })
            .await;
        }
        self.is_at_most("a look-up", 20, async |store| {
            assert!(store.get(&tenant, vec![parsed::id("s500")]).await.remove(0).is_ok());
        })
        .await;
        let text = |text: &str| Some(text.to_owned());
        for (filter, enough) in [
            (Filter::default(), 200),
            (Filter { conversation_id: text("c77"), ..Filter::default() }, 200),
            (Filter { customer_id: text("u77"), ..Filter::default() }, 200),
            (Filter { channel_type: text("WEB"), ..Filter::default() }, 200),
            (Filter { active: Some(false), ..Filter::default() }, 200),
            (Filter { conversation_id: text("c100"), active: Some(false), ..Filter::default() }, 200),
            // A thousand sessions are scanned, whatever is found.
            (Filter { channel_type: text("WEB"), active: Some(false), ..Filter::default() }, 2000),
        ] {
            self.is_at_most(&format!("a page of {filter:?}"), enough, async |store| {
                let page = store.list(&tenant, &filter, Some(&parsed::id("s2")), 3).await.unwrap();
                assert!(!page.sessions.is_empty());
            })
            .await;
        }
    }

    /// Changes with request ids of their own, and then the same ones again, by a process that does not know of them.
    async fn changes_with_request_ids_are_bounded(&mut self, prefix: &str) {
        let changes =
            || (0..10).map(|number| named(&format!("{prefix}{number}"), number)).collect::<Vec<_>>();
        for is_repeat in [false, true] {
            self.is_at_most("ten changes with request ids", 600, async |store| {
                for result in store.execute(changes()).await {
                    assert_eq!(result.unwrap().replayed, is_repeat);
                }
            })
            .await;
        }
    }
}

/// The position so many transactions before another one, which has none that were under way.
fn before(end: &Position, transactions: i64) -> Position {
    let (rest, xmax) = end.as_str().rsplit_once('~').unwrap();
    let xmax: i64 = xmax.split('.').next().unwrap().parse().unwrap();
    Position::new(format!("{rest}~{}", xmax - transactions))
}

fn update(number: i64) -> Command {
    let attributes = format!(r#"[{{"key":"k","type":"Number","value":{number}}}]"#);
    parsed::command(parsed::id("s7"), Operation::Update(Update::attach(parsed::attributes(&attributes), 10)))
}

/// A change of a session of its own, with a request id.
fn named(request_id: &str, number: i64) -> Command {
    let id = parsed::id(&format!("s{}", 2000 + number));
    Command { id, request_id: Some(parsed::request_id(request_id)), ..update(3000 + number) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_what_they_return_and_a_bounded_rest() {
    reads_are_bounded(false).await;
}

/// The conditions of policies come before those of a statement, unless these cannot leak what they see: an operator
/// that could would use no index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_no_more_with_row_level_security() {
    reads_are_bounded(true).await;
}

async fn reads_are_bounded(row_level_security: bool) {
    // The planner has no statistics until the test says so.
    let settings = vec!["autovacuum=off".to_owned()];
    let cluster = Cluster::start(postgres::Options { settings, ..Default::default() }).await;
    let mut database = Database::load(&cluster, row_level_security).await;
    database.run(LONG_HISTORY).await;

    let store = database.open().await;
    let end = store.position().await.unwrap();
    let middle = before(&end, 5000);
    // Far more than is looked at: found among all events.
    let mut at = before(&end, 9000);
    let mut revisions = Vec::new();
    loop {
        let hot = Scope::Session(parsed::id("hot"));
        let page = store.events(&TenantId::only(), &hot, &at, None, 100).await.unwrap();
        revisions.extend(page.events.iter().map(|(event, _)| event.revision.get()));
        at = page.next;
        if page.complete {
            break;
        }
    }
    assert!(revisions.len() > 2000 && revisions.iter().copied().eq(revisions[0]..=3000), "{revisions:?}");
    store.close().await;
    database.reads_are_bounded(&end, &middle).await;

    // Somebody's transaction that stays open, while others come and go.
    let mut open = PgConnection::connect(&database.admin_url).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id()").execute(&mut open).await.unwrap();
    let store = database.open().await;
    for number in 0..200 {
        store.execute(vec![update(1000 + number)]).await.remove(0).unwrap();
    }
    let later = store.position().await.unwrap();
    store.close().await;
    database.reads_are_bounded(&later, &middle).await;
    // With row-level security, what is in them is read apart from which they are.
    let enough = if row_level_security { 900 } else { 600 };
    database
        .is_at_most("a poll with news", enough, async |store| {
            let page = store.events(&TenantId::only(), &Scope::All, &end, None, 20).await.unwrap();
            assert_eq!(page.events.len(), 20);
        })
        .await;
    database.changes_with_request_ids_are_bounded("before").await;

    database.run("ANALYZE").await;
    let store = database.open().await;
    let later = store.position().await.unwrap();
    store.close().await;
    database.reads_are_bounded(&later, &middle).await;
    database.changes_with_request_ids_are_bounded("after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retention_takes_what_it_deletes_also_where_nothing_that_was_deleted_can_go() {
    retention_is_bounded(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retention_takes_no_more_with_row_level_security() {
    retention_is_bounded(true).await;
}

async fn retention_is_bounded(row_level_security: bool) {
    let settings = vec!["autovacuum=off".to_owned()];
    let cluster = Cluster::start(postgres::Options { settings, ..Default::default() }).await;
    let admin_url = cluster.url("postgres");
    // Somebody who reads for hours, such as a dump, and has changed something before: what is deleted stays where it is.
    let mut old = PgConnection::connect(&admin_url).await.unwrap();
    let hold = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id()";
    sqlx::raw_sql(hold).execute(&mut old).await.unwrap();
    let mut database = Database::load(&cluster, row_level_security).await;
    let step = async |store: &Store| {
        let before = Timestamp::from_millis(EVENTS / 2);
        assert_eq!(store.expire(Expired::Events(before), 500).await.unwrap(), 500);
    };
    for round in 0..5 {
        database.is_at_most(&format!("a step in round {round}"), 3000, step).await;
        let store = database.open().await;
        for _ in 0..30 {
            step(&store).await;
        }
        store.close().await;
    }
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM channel_session_event")
        .fetch_one(&mut database.admin)
        .await
        .unwrap();
    assert_eq!(left, EVENTS + 3000 - 5 * 31 * 500);
    assert_eq!(SESSIONS, 30_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_under_way_while_later_ones_were_deleted_is_deleted_too() {
    const EVENT: &str = "
        INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, requester, changes)
        VALUES ('default', 'held', 1, 1, 'CHANNEL_SESSION_DELETED', 1, 'somebody', '[]')";
    let database = postgres::database().await;
    migrate_with(database.url(), RowLevelSecurity::OfNewTables(false)).await.unwrap();
    let store = Store::open(database.url(), &Options::default()).await.unwrap();
    let mut held = PgConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut held).await.unwrap();
    sqlx::raw_sql(EVENT).execute(&mut held).await.unwrap();
    let document = parsed::document("{}");
    let create = Operation::Create(Create { document, existing: Existing::Refuse });
    store.execute(vec![parsed::command(parsed::id("s7"), create)]).await.remove(0).unwrap();
    for number in 0..3 {
        store.execute(vec![update(number)]).await.remove(0).unwrap();
    }
    let before = Timestamp::from_millis(i64::MAX);
    assert_eq!(store.expire(Expired::Events(before), 100).await.unwrap(), 4);
    sqlx::raw_sql("COMMIT").execute(&mut held).await.unwrap();
    assert_eq!(store.expire(Expired::Events(before), 100).await.unwrap(), 1);
}

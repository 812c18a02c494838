//! Reading on from a position, no acknowledged change is missed, whatever became of the database meanwhile; where that cannot
//! be promised, the position is refused, for ever.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{
    Error,
    command::{Create, Existing, Operation},
    event::{Position, Scope},
    session::TenantId,
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{
    parsed,
    postgres::{self, Cluster},
};

async fn open(url: &str) -> Store {
    migrate(url).await.unwrap();
    Store::open(url, &Options::default()).await.unwrap()
}

async fn create(store: &Store) {
    let create = Create { document: parsed::document("{}"), existing: Existing::Refuse };
    made(store, Operation::Create(create)).await;
}

/// Makes so many changes, one after the other, beginning with a number that no other change has.
async fn update(store: &Store, from: i64, count: i64) {
    for number in from..from + count {
        let attributes = format!(r#"[{{"key":"k","type":"Number","value":{number}}}]"#);
        made(store, Operation::Update(Update::attach(parsed::attributes(&attributes), 10))).await;
    }
}

async fn made(store: &Store, operation: Operation) {
    let [result] =
        <[_; 1]>::try_from(store.execute(vec![parsed::command(parsed::id("x"), operation)]).await).unwrap();
    assert!(result.unwrap().changed);
}

/// The values that the events behind a position hold, and the position behind them.
async fn values_behind(store: &Store, mut at: Position) -> Result<(Vec<String>, Position), Error> {
    let mut values = Vec::new();
    loop {
        let page = store.events(&TenantId::only(), &Scope::All, &at, None, 7).await?;
        values.extend(page.events.iter().flat_map(|(event, _)| &event.changes).map(|change| {
            let mut text = String::new();
            change.new.as_ref().unwrap().value.as_ref().unwrap().write(&mut text);
            text
        }));
        at = page.next;
        if page.complete {
            return Ok((values, at));
        }
    }
}

fn numbers(from: i64, count: i64) -> Vec<String> {
    (from..from + count).map(|number| number.to_string()).collect()
}

/// Transaction ids that nothing makes durable, as other applications use them up.
async fn roll_back(url: &str, count: usize) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    for _ in 0..count {
        sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id(); ROLLBACK").execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

fn is_refused(read: &Result<(Vec<String>, Position), Error>) {
    assert!(matches!(read, Err(Error::PositionExpired)), "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_position_comes_what_was_under_way_then_below_what_had_come() {
    let database = postgres::database().await;
    let store = open(database.url()).await;
    create(&store).await;
    let mut held = PgConnection::connect(database.url()).await.unwrap();
    let event = r#"BEGIN;
        INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, requester, changes, document_bytes)
        SELECT tenant_id, 'held', 1, 1, 'CHANNEL_SESSION_DELETED', 0, 'held', '[]', 0 FROM channel_session"#;
    sqlx::raw_sql(event).execute(&mut held).await.unwrap();
    update(&store, 0, 1).await;
    let position = store.position().await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut held).await.unwrap();
    let page = store.events(&TenantId::only(), &Scope::All, &position, None, 7).await.unwrap();
    let values_behind: Vec<_> = page.events.iter().map(|(event, _)| event.session_id.as_str()).collect();
    assert_eq!(values_behind, ["held"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_behind_rolled_back_transactions_nothing_is_missed() {
    let cluster = Cluster::start(postgres::Options::default()).await;
    let url = cluster.url("postgres");
    let store = open(&url).await;
    create(&store).await;
    for round in 0..3 {
        let from = round * 100;
        let store = self::open(&url).await;
        update(&store, from, 1).await;
        roll_back(&url, 40).await;
        let resumed = store.position().await.unwrap();
        // As a watch that is open reads on.
        let (_, open) = values_behind(&store, resumed.clone()).await.unwrap();
        cluster.crash();
        cluster.restart().await;
        let store = self::open(&url).await;
        update(&store, from + 1, 60).await;
        assert_eq!(values_behind(&store, resumed).await.unwrap().0, numbers(from + 1, 60));
        assert_eq!(values_behind(&store, open).await.unwrap().0, numbers(from + 1, 60));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_older_backup_is_restored_positions_of_what_is_gone_are_refused_for_ever() {
    let cluster = Cluster::start(postgres::Options::default()).await;
    let url = cluster.url("postgres");
    let store = open(&url).await;
    create(&store).await;
    update(&store, 0, 5).await;
    let kept = store.position().await.unwrap();
    cluster.crash();
    cluster.restart().await;
    cluster.crash();
    cluster.save();
    cluster.restart().await;
    // A service that goes on meanwhile, and one that starts again.
    for goes_on in [true, false] {
        let store = if goes_on { store.clone() } else { open(&url).await };
        until_connected(&store).await;
        update(&store, 5, 20).await;
        let gone = store.position().await.unwrap();
        let (_, open) = values_behind(&store, gone.clone()).await.unwrap();
        cluster.crash();
        cluster.restore();
        cluster.restart().await;
        until_connected(&store).await;
        let mut from = 5;
        for count in [1, 10, 100] {
            for position in [&gone, &open] {
                is_refused(&values_behind(&store, position.clone()).await);
            }
            // Its transaction ids come to where they were, and further.
            update(&store, from, count).await;
            from += count;
        }
        for position in [gone, open] {
            is_refused(&values_behind(&store, position).await);
        }
        // What was the same in both histories goes on.
        assert_eq!(values_behind(&store, kept.clone()).await.unwrap().0, numbers(5, 111));
        cluster.crash();
        cluster.restore();
        cluster.restart().await;
    }
}

/// Waits until a store has noticed that its connections are gone, and has others.
async fn until_connected(store: &Store) {
    while store.position().await.is_err() {
        tokio::task::yield_now().await;
    }
    let ids = || vec![parsed::id("x")];
    while store.get(&TenantId::only(), ids()).await.iter().any(Result::is_err) {
        tokio::task::yield_now().await;
    }
    let check = || Operation::Update(Update::attach(parsed::attributes("[]"), 10));
    while store.execute(vec![parsed::command(parsed::id("x"), check())]).await.iter().any(Result::is_err) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_of_a_dumped_database_are_refused_where_it_is_restored() {
    let cluster = Cluster::start(postgres::Options::default()).await;
    let other = Cluster::start(postgres::Options::default()).await;
    let url = cluster.url("postgres");
    let store = open(&url).await;
    create(&store).await;
    update(&store, 0, 50).await;
    let dumped = store.position().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE DATABASE copied").execute(&mut connection).await.unwrap();
    // Into another cluster, and into another database of the same.
    for target in [other.url("postgres"), cluster.url("copied")] {
        postgres::copy(&url, &target);
        let copied = open(&target).await;
        is_refused(&values_behind(&copied, dumped.clone()).await);
        let start = copied.position().await.unwrap();
        for count in [1, 20, 100] {
            update(&copied, 1000 + count, count).await;
            is_refused(&values_behind(&copied, dumped.clone()).await);
        }
        let (values, _) = values_behind(&copied, start).await.unwrap();
        assert_eq!(values, [numbers(1001, 1), numbers(1020, 20), numbers(1100, 100)].concat());
        let history = copied.history(&TenantId::only(), &parsed::id("x"), None, None, 1000).await.unwrap();
        assert_eq!(history.events.len(), 172, "what was dumped is there");
    }
    assert_eq!(values_behind(&store, dumped).await.unwrap().0, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_lagged_and_is_promoted_refuses_what_it_did_not_see_and_goes_on_from_what_it_did() {
    let primary = Cluster::start(postgres::Options::default()).await;
    let (url, store) = (primary.url("postgres"), open(&primary.url("postgres")).await);
    create(&store).await;
    update(&store, 0, 5).await;
    let standby = primary.standby().await;
    let standby_url = standby.url("postgres");
    let mut connection = PgConnection::connect(&standby_url).await.unwrap();
    let has_replayed = |lsn: String| format!("SELECT pg_last_wal_replay_lsn() >= '{lsn}'::pg_lsn");
    let seen = store.position().await.unwrap();
    roll_back(&url, 10).await;
    let lsn: String = {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::query_scalar("SELECT pg_current_wal_flush_lsn()::text")
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    let replayed = has_replayed(lsn);
    while !sqlx::query_scalar::<_, bool>(sqlx::AssertSqlSafe(&*replayed))
        .fetch_one(&mut connection)
        .await
        .unwrap()
    {
        tokio::task::yield_now().await;
    }
    // From here on it hears nothing of the primary.
    for statement in ["ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }
    let receiving = "SELECT count(*) FROM pg_stat_wal_receiver";
    while sqlx::query_scalar::<_, i64>(receiving).fetch_one(&mut connection).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    update(&store, 5, 20).await;
    let unseen = store.position().await.unwrap();
    let (_, open) = values_behind(&store, unseen.clone()).await.unwrap();
    primary.crash();
    sqlx::raw_sql("SELECT pg_promote()").execute(&mut connection).await.unwrap();

    let promoted = self::open(&standby_url).await;
    update(&promoted, 100, 60).await;
    for position in [unseen, open] {
        is_refused(&values_behind(&promoted, position).await);
    }
    assert_eq!(values_behind(&promoted, seen).await.unwrap().0, numbers(100, 60));
}

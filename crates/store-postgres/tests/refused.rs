//! What PostgreSQL itself refuses of a batch, for whatever reason, is refused alone: all others of the batch are made, once.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{
    Error, Outcome,
    command::{Command, CommandResult, Create, Existing, Operation},
    session::TenantId,
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{parsed, postgres, seed};
use tokio::task::JoinSet;

const SESSIONS: usize = 64;

/// Those that [`REFUSAL`] is about.
const REFUSED: [usize; 2] = [5, 50];

/// A sequence counts on even where a statement is undone: how often it was tried to write what is refused.
const REFUSAL: &str = "
    CREATE SEQUENCE tried;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM nextval('tried');
        RAISE EXCEPTION 'refused';
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON channel_session FOR EACH ROW
        WHEN (NEW.id IN ('session-5', 'session-50')) EXECUTE FUNCTION refuse()";

struct Bench {
    store: Store,
    connection: PgConnection,
    database: postgres::Database,
}

impl Bench {
    async fn new() -> Self {
        let database = postgres::database().await;
        migrate(database.url()).await.unwrap();
        let store = Store::open(database.url(), &Options::default()).await.unwrap();
        let connection = PgConnection::connect(database.url()).await.unwrap();
        Self { store, connection, database }
    }

    /// The same with the sessions in it.
    async fn with_sessions() -> Self {
        let bench = Self::new().await;
        for created in bench.store.execute(commands(create)).await {
            created.unwrap();
        }
        bench
    }

    async fn refuse(&mut self) {
        sqlx::raw_sql(REFUSAL).execute(&mut self.connection).await.unwrap();
    }

    /// Each command was made once, and those that are refused were first tried beside others, and left the sessions as they
    /// were.
    async fn check(&mut self, results: Vec<Result<CommandResult, Error>>, events_before: usize) {
        assert_eq!(results.len(), SESSIONS);
        for (at, result) in results.into_iter().enumerate() {
            let (id, tenant) = (parsed::id(&format!("session-{at}")), TenantId::only());
            let page = self.store.history(&tenant, &id, None, None, 10).await;
            // Of a session that is not there, there is no history.
            let count = page.map_or(0, |page| page.events.len());
            if REFUSED.contains(&at) {
                assert!(matches!(result, Err(Error::Internal(_))), "{at}: {result:?}");
                assert_eq!(count, events_before, "{at}");
            } else {
                assert!(result.unwrap().changed, "{at}");
                assert_eq!(count, events_before + 1, "{at}");
            }
        }
        let tried: i64 =
            sqlx::query_scalar("SELECT last_value FROM tried").fetch_one(&mut self.connection).await.unwrap();
        assert!(tried > i64::try_from(REFUSED.len()).unwrap(), "no batch was split");
    }
}

/// A command of each session.
fn commands(operation: fn() -> Operation) -> Vec<Command> {
    (0..SESSIONS).map(|at| parsed::command(parsed::id(&format!("session-{at}")), operation())).collect()
}

fn create() -> Operation {
    let document = parsed::document(seed::CHANNEL_SESSION);
    Operation::Create(Create { document, existing: Existing::Refuse })
}

fn update() -> Operation {
    let attributes = parsed::attributes(r#"[{"key":"k","type":"Number","value":1}]"#);
    Operation::Update(Update::attach(attributes, 10))
}

#[tokio::test]
async fn of_a_batch_of_updates() {
    let mut bench = Bench::with_sessions().await;
    bench.refuse().await;
    let results = bench.store.execute(commands(update)).await;
    bench.check(results, 1).await;
}

#[tokio::test]
async fn of_a_batch_of_new_sessions() {
    let mut bench = Bench::new().await;
    bench.refuse().await;
    let results = bench.store.execute(commands(create)).await;
    bench.check(results, 0).await;
}

#[tokio::test]
async fn of_updates_of_many_callers_that_were_gathered() {
    let mut bench = Bench::with_sessions().await;
    bench.refuse().await;
    let mut callers = JoinSet::new();
    for (at, command) in commands(update).into_iter().enumerate() {
        let store = bench.store.clone();
        callers.spawn(async move { (at, store.execute(vec![command]).await.remove(0)) });
    }
    let mut results = callers.join_all().await;
    results.sort_by_key(|(at, _)| *at);
    bench.check(results.into_iter().map(|(_, result)| result).collect(), 1).await;
}

/// As a table of events that is newer than that of sessions has it. Trying again would find it so, and the log has to say
/// which row is meant.
#[tokio::test]
async fn for_an_event_that_is_there_already() {
    const AHEAD: &str = "
        INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, requester, changes, document_bytes)
        VALUES ('default', 'session-5', 2, 1, 'CHANNEL_SESSION_DATA_UPDATED', 0, 'x', '[]', 2)";
    let mut bench = Bench::with_sessions().await;
    sqlx::raw_sql(AHEAD).execute(&mut bench.connection).await.unwrap();
    for (at, result) in bench.store.execute(commands(update)).await.into_iter().enumerate() {
        if at == 5 {
            let Err(Error::Internal(cause)) = result else { panic!("{result:?}") };
            assert!(cause.to_string().contains("(default, session-5, 2)"), "{cause}");
        } else {
            assert_eq!(result.unwrap().revision.get(), 2, "{at}");
        }
    }
}

#[tokio::test]
async fn for_a_right_that_is_missing() {
    let mut bench = Bench::with_sessions().await;
    // Roles belong to the whole server, which other tests may share.
    let role = format!("barred_{}", std::process::id());
    let url = bench.database.url().to_owned();
    let (before, after) = url.split_once('@').unwrap();
    let url = format!("{}://{role}:secret@{after}", before.split_once("://").unwrap().0);
    let mut run = async |sql: &str| {
        let sql = sqlx::AssertSqlSafe(sql.replace("ROLE_NAME", &role));
        sqlx::raw_sql(sql).execute(&mut bench.connection).await.unwrap();
    };
    // Neither tables nor the right to make them: the first error is reported, and what to do.
    let refused = async |named: &str| {
        let error = migrate(&url).await.unwrap_err().to_string();
        assert!(error.contains(named) && error.contains("migrate` as their owner"), "{error}");
    };
    run("CREATE ROLE ROLE_NAME LOGIN PASSWORD 'secret'").await;
    refused("permission denied for table _sqlx_migrations").await;
    run("ALTER TABLE _sqlx_migrations RENAME TO put_away; REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    refused("permission denied for schema public").await;
    run("ALTER TABLE put_away RENAME TO _sqlx_migrations").await;

    run("GRANT SELECT, INSERT, UPDATE, DELETE
             ON channel_session, channel_session_event, channel_session_event_log, channel_session_idempotency_record
             TO ROLE_NAME;
         GRANT SELECT ON _sqlx_migrations TO ROLE_NAME")
    .await;
    let store = Store::open(&url, &Options::default()).await.unwrap();
    let error = store.execute(commands(update)).await.remove(0).unwrap_err();
    let Error::StoreUnavailable { outcome: Outcome::NotApplied, cause } = &error else { panic!("{error:?}") };
    assert!(error.is_denied() && cause.to_string().contains("channel_session_epoch"), "{cause}");
    let health = store.health().await;
    let missing =
        "SELECT on channel_session_epoch, INSERT on channel_session_epoch, DELETE on channel_session_epoch";
    assert!(health.reads.is_ok() && health.watches.is_err());
    assert!(health.writes.unwrap_err().to_string().contains(missing));

    run("GRANT SELECT, INSERT, DELETE ON channel_session_epoch TO ROLE_NAME").await;
    assert!(store.health().await.is_ready());
    assert_eq!(store.execute(commands(update)).await.remove(0).unwrap().revision.get(), 2);
    store.close().await;
    run("DROP OWNED BY ROLE_NAME; DROP ROLE ROLE_NAME").await;
}

/// The driver adds it, and operators would look for the line in a file of theirs.
#[tokio::test]
async fn the_line_of_the_databases_own_source_is_not_reported() {
    let database = postgres::database().await;
    let missing = format!("{}_missing", database.url());
    let refused = migrate(&missing).await.unwrap_err().to_string();
    assert!(refused.contains("does not exist") && !refused.contains("at line"), "{refused}");
}

//! Two tenants whose statements follow each other on one connection, with row-level security: whatever becomes of a call, the
//! next one sees and writes its own tenant's rows, all of them, and leaves no transaction open.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::time::Duration;

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, migrate_with};
use domain::{
    Error,
    command::{Command, CommandResult, Create, Existing, Operation},
    event::Scope,
    list::Filter,
    session::TenantId,
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::{parsed, postgres};
use tokio::time::timeout;

const TENANTS: [&str; 2] = ["blue", "green"];

/// One connection for each purpose.
const OPTIONS: Options = Options {
    max_connections: 2,
    max_event_connections: 1,
    batches: 1,
    acquire_timeout: Duration::from_secs(60),
    statement_timeout: Duration::from_secs(60),
    keeps_answers: false,
    warns_of_losses: false,
    session_cache: 0,
    row_level_security: true,
};

struct Bench {
    store: Store,
    admin: PgConnection,
    database: postgres::Database,
}

impl Bench {
    /// A session of the same id for each tenant.
    async fn new() -> Self {
        let database = postgres::database().await;
        let owner = database.owner_url().await;
        migrate_with(&owner, RowLevelSecurity::Switch(true)).await.unwrap();
        let store = Store::open(&owner, &OPTIONS).await.unwrap();
        let admin = PgConnection::connect(database.url()).await.unwrap();
        let bench = Self { store, admin, database };
        for tenant in TENANTS {
            let document = format!(r#"{{"of":"{tenant}","channelData":{{"additionalAttributes":[]}}}}"#);
            let create = Create { document: parsed::document(&document), existing: Existing::Refuse };
            bench.execute(tenant, Operation::Create(create)).await.unwrap();
        }
        bench
    }

    async fn execute(&self, tenant: &str, operation: Operation) -> Result<CommandResult, Error> {
        let tenant = TenantId::from_stored(tenant);
        let command = Command { tenant, ..parsed::command(parsed::id("x"), operation) };
        self.store.execute(vec![command]).await.remove(0)
    }

    async fn update(&self, tenant: &str, value: usize) -> Result<CommandResult, Error> {
        let attributes = parsed::attributes(&format!(r#"[{{"key":"k","type":"Number","value":{value}}}]"#));
        self.execute(tenant, Operation::Update(Update::attach(attributes, 10))).await
    }

    /// Each tenant finds its own, by every way to read.
    async fn each_has_its_own(&self) {
        let from = self.store.position().await.unwrap();
        for tenant in TENANTS {
            let changed = self.update(tenant, usize::MAX).await.unwrap().changed;
            let tenant = TenantId::from_stored(tenant);
            let own = format!(r#""of":"{}""#, tenant.as_str());
            let has_own = |text: &str| text.replace(' ', "").contains(&own);
            let found = self.store.get(&tenant, vec![parsed::id("x")]).await.remove(0).unwrap();
            assert!(has_own(&found.document), "{}", found.document);
            let page = self.store.list(&tenant, &Filter::default(), None, 10).await.unwrap();
            assert!(page.sessions.len() == 1 && has_own(&page.sessions[0].document), "{page:?}");
            let past =
                self.store.history(&tenant, &parsed::id("x"), None, None, 10_000).await.unwrap().events;
            // What was left half-way may still be made meanwhile.
            assert!(past.len() >= usize::try_from(found.revision.get()).unwrap());
            let events = self.store.events(&tenant, &Scope::All, &from, None, 10).await.unwrap().events;
            assert!(events.len() >= usize::from(changed));
            for (event, _) in events {
                assert!(has_own(event.document.as_ref().unwrap()), "{event:?}");
            }
        }
    }

    async fn no_transaction_is_open(&mut self) {
        let open = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
        assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&mut self.admin).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_left_half_way_leave_nothing_to_the_next() {
    let mut bench = Bench::new().await;
    let filter = Filter::default();
    let start = bench.store.position().await.unwrap();
    for call in 0..150 {
        // Sooner than most answers, so that some of them are left at every moment.
        let limit = Duration::from_micros(u64::try_from(call).unwrap() * 13 % 3000);
        let tenant = TenantId::from_stored(TENANTS[call % 2]);
        let _ = timeout(limit, bench.store.list(&tenant, &filter, None, 10)).await;
        let _ = timeout(limit, bench.store.events(&tenant, &Scope::All, &start, None, 1000)).await;
        let _ = timeout(limit, bench.store.get(&tenant, vec![parsed::id("x")])).await;
        let _ = timeout(limit, bench.update(tenant.as_str(), call)).await;
        if call % 30 == 0 {
            bench.each_has_its_own().await;
        }
    }
    bench.each_has_its_own().await;
    bench.no_transaction_is_open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_fail_leave_nothing_to_the_next() {
    const REFUSE: &str = "
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON channel_session FOR EACH ROW
            WHEN (NEW.tenant_id = 'blue') EXECUTE FUNCTION refuse()";
    let mut bench = Bench::new().await;
    sqlx::raw_sql(REFUSE).execute(&mut bench.admin).await.unwrap();
    for value in 0..5 {
        assert!(matches!(bench.update("blue", value).await, Err(Error::Internal(_))));
        assert!(bench.update("green", value).await.unwrap().changed);
    }
    sqlx::raw_sql("DROP TRIGGER refuse ON channel_session").execute(&mut bench.admin).await.unwrap();
    bench.each_has_its_own().await;

    // Somebody has locked the row of one of them.
    let mut somebody = PgConnection::connect(bench.database.url()).await.unwrap();
    let lock = "BEGIN; SELECT FROM channel_session WHERE tenant_id = 'blue' FOR UPDATE";
    sqlx::raw_sql(lock).execute(&mut somebody).await.unwrap();
    let (blocked, ()) = tokio::join!(bench.update("blue", 100), async {
        for value in 100..110 {
            assert!(bench.update("green", value).await.unwrap().changed);
        }
        somebody.close().await.unwrap();
    });
    assert!(blocked.unwrap().changed);
    bench.each_has_its_own().await;
    bench.no_transaction_is_open().await;
}

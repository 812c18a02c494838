//! A database of production's size, and what work on it looks at.

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, migrate_with};
use domain::store::Store as _;
use sqlx::{Connection, PgConnection};
use store_testkit::postgres::{self, Cluster};

pub(crate) const EVENTS: i64 = 300_000;
pub(crate) const SESSIONS: i64 = EVENTS / 10;

/// Ten events of each session, thirty of them in a transaction, each of an id that has been given out.
const LOAD: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active)
    SELECT 'default', 's' || n, 10, '{\"channelData\":{\"additionalAttributes\":[{\"key\":\"k\",\"type\":\"Number\",\"value\":10}]}}',
           'c' || n / 3, 'u' || n, 'WEB', n % 100 <> 0
    FROM generate_series(1, 30000) AS n;
    INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, transaction_id, name, at, requester, changes,
                                       conversation_id, document_bytes)
    SELECT 'default', 's' || 1 + n % 30000, 1 + n / 30000, 1 + n % 30,
           ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 10000 + n / 30)::text)::xid8,
           CASE WHEN n < 30000 THEN 'CHANNEL_SESSION_STARTED' ELSE 'CHANNEL_SESSION_DATA_UPDATED' END, n, 'somebody',
           CASE WHEN n < 30000 THEN '[]' ELSE
               '[{\"key\":\"k\",\"index\":0,\"newType\":\"Number\",\"oldType\":\"Number\",\"newValue\":' || 1 + n / 30000
                   || ',\"oldValue\":' || n / 30000 || '}]' END,
           'c' || (1 + n % 30000) / 3, 80
    FROM generate_series(0, 299999) AS n;
    INSERT INTO channel_session (tenant_id, id, revision, document, active)
    SELECT 'default', 'hot', 3000, '{\"channelData\":{\"additionalAttributes\":[]}}', true;
    INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, transaction_id, name, at, requester, changes,
                                       document_before, document_bytes)
    SELECT 'default', 'hot', n, 31, ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 10000 + 3 * n)::text)::xid8,
           'CHANNEL_SESSION_DATA_UPDATED', 3 * n, 'somebody', '[]',
           CASE WHEN n % 32 = 0 THEN '{\"channelData\":{\"additionalAttributes\":[]}}' END, 45
    FROM generate_series(1, 3000) AS n;
    INSERT INTO channel_session_idempotency_record (tenant_id, session_id, request_id, digest, revision, changed, at)
    SELECT 'default', 's' || 1 + n % 30000, 'r' || n, sha256(n::text::bytea), 1 + n / 30000, true, n
    FROM generate_series(0, 299999) AS n";

/// As many events of one session, most of which change a key of which there are others.
pub(crate) const LONG_HISTORY: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, active)
    SELECT 'default', 'long', 300000, '{\"channelData\":{\"additionalAttributes\":[]}}', true;
    INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, transaction_id, name, at, requester, changes,
                                       document_bytes)
    SELECT 'default', 'long', n, 1000 + n, ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 10000)::text)::xid8,
           'CHANNEL_SESSION_DATA_UPDATED', n, 'somebody',
           '[{\"key\":\"' || CASE WHEN n % 100000 = 0 THEN 'seldom' ELSE 'often' END
               || '\",\"index\":0,\"newType\":\"Number\",\"newValue\":' || n || '}]', 45
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

/// A server whose planner has no statistics until a test says so.
pub(crate) async fn cluster() -> Cluster {
    let settings = vec!["autovacuum=off".to_owned()];
    Cluster::start(postgres::Options { settings, ..Default::default() }).await
}

/// The tables and whose they are.
pub(crate) struct Database {
    /// The service's, and that of whoever may do all.
    url: String,
    pub(crate) admin_url: String,
    options: Options,
    pub(crate) admin: PgConnection,
    /// What opening the store takes.
    opening: i64,
}

impl Database {
    /// With row-level security, or without.
    pub(crate) async fn load(cluster: &Cluster, row_level_security: bool) -> Self {
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
    pub(crate) async fn run(&self, statement: &'static str) {
        let url = format!("{}?application_name=reads", self.admin_url);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn open(&self) -> Store {
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

    pub(crate) async fn is_at_most(&mut self, what: &str, most: i64, work: impl AsyncFn(&Store)) {
        let taken = self.takes(work).await;
        assert!(taken <= most, "{what}: {taken} blocks, and {most} are enough");
    }
}

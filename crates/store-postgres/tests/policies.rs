//! What row-level security keeps from whoever speaks SQL as the service's role, and how it is switched.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, RowLevelSecurity, Store, inspect, migrate, migrate_with};
use domain::{
    command::{Command, Create, Existing, Operation},
    finding::{Finding, Verdict},
    session::TenantId,
    store::Store as _,
    update::Update,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, error::DatabaseError};
use store_testkit::{parsed, postgres};

const ON: RowLevelSecurity = RowLevelSecurity::Switch(true);
const OFF: RowLevelSecurity = RowLevelSecurity::Switch(false);

fn options(row_level_security: bool) -> Options {
    Options { row_level_security, ..Options::default() }
}

async fn run(connection: &mut PgConnection, statements: impl Into<String>) {
    let statements = statements.into();
    let done = sqlx::raw_sql(AssertSqlSafe(statements.clone())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{statements}: {error}"));
}

/// How many rows a statement is about.
async fn affected(connection: &mut PgConnection, statement: &str) -> u64 {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap().rows_affected()
}

async fn is_refused(connection: &mut PgConnection, statement: &str) -> bool {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await;
    done.is_err_and(|error| {
        error.as_database_error().and_then(DatabaseError::code).as_deref() == Some("42501")
    })
}

/// Has a session of each tenant, with an event and a record of a request.
async fn fill(store: &Store) {
    for tenant in ["blue", "green"] {
        let document = parsed::document(r#"{"channelData":{"additionalAttributes":[]}}"#);
        let create = Operation::Create(Create { document, existing: Existing::Refuse });
        let attributes = parsed::attributes(r#"[{"key":"k","type":"Number","value":1}]"#);
        let update = Operation::Update(Update::attach(attributes, 10));
        for (operation, request_id) in [(create, None), (update, Some(parsed::request_id("once")))] {
            let tenant = TenantId::from_stored(tenant);
            let command = Command { tenant, request_id, ..parsed::command(parsed::id("x"), operation) };
            store.execute(vec![command]).await.remove(0).unwrap();
        }
    }
}

/// Whatever tables hold a tenant: one that comes later is among them.
async fn tables(admin: &mut PgConnection) -> Vec<String> {
    let tables = "SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
                  WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND attname = 'tenant_id'
                  ORDER BY relname";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(admin).await.unwrap();
    assert!(tables.len() >= 3, "{tables:?}");
    tables
}

#[tokio::test]
async fn a_role_that_says_no_tenant_or_another_one_sees_and_writes_nothing() {
    let database = postgres::database().await;
    let owner = database.owner_url().await;
    migrate_with(&owner, ON).await.unwrap();
    let store = Store::open(&owner, &options(true)).await.unwrap();
    fill(&store).await;
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    let mut direct = PgConnection::connect(&owner).await.unwrap();
    for table in tables(&mut admin).await {
        let one = format!("SELECT to_json({table})::text FROM {table} WHERE tenant_id = 'blue' LIMIT 1");
        let row: String = sqlx::query_scalar(AssertSqlSafe(one)).fetch_one(&mut admin).await.unwrap();
        let insert = format!(
            "INSERT INTO {table} SELECT (json_populate_record(NULL::{table}, '{}')).*",
            row.replace('\'', "''")
        );
        let select = format!("SELECT tenant_id FROM {table}");
        let update = format!("UPDATE {table} SET tenant_id = tenant_id");
        let delete = format!("DELETE FROM {table}");
        // The first before anything was set on the connection, the others when something was.
        for set in [
            "BEGIN",
            "BEGIN; SET LOCAL channel_sessions.tenant = 'red'",
            "BEGIN; SET LOCAL channel_sessions.tenant = 'Blue'",
            "BEGIN; SET LOCAL channel_sessions.tenant = ''",
            "BEGIN; SET LOCAL channel_sessions.all_tenants = 'yes'",
            "BEGIN",
        ] {
            run(&mut direct, set).await;
            for statement in [&select, &update, &delete] {
                assert_eq!(affected(&mut direct, statement).await, 0, "{set}: {statement}");
            }
            assert!(is_refused(&mut direct, &insert).await, "{set}: {insert}");
            run(&mut direct, "ROLLBACK").await;
        }
        // Its own are there, and do not become another one's.
        let own = "BEGIN; SET LOCAL channel_sessions.tenant = 'green'";
        run(&mut direct, own).await;
        let others = format!("{select} WHERE tenant_id <> 'green'");
        assert!(affected(&mut direct, &select).await > 0, "{table}");
        assert_eq!(affected(&mut direct, &others).await, 0, "{table}");
        assert!(is_refused(&mut direct, &format!("UPDATE {table} SET tenant_id = 'blue'")).await, "{table}");
        run(&mut direct, "ROLLBACK; BEGIN; SET LOCAL channel_sessions.all_tenants = 'on'").await;
        assert!(affected(&mut direct, &others).await > 0, "{table}");
        run(&mut direct, "ROLLBACK").await;
        assert_eq!(affected(&mut direct, &select).await, 0, "{table}");
    }
}

#[tokio::test]
async fn it_is_switched_on_and_off_with_what_is_in_the_tables() {
    let database = postgres::database().await;
    let owner = database.owner_url().await;
    migrate(&owner).await.unwrap();
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    let stand = "SELECT string_agg(concat_ws(' ', relname, relrowsecurity, relforcerowsecurity, polname), ', ' ORDER BY relname)
                 FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid
                 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let mut look = async || sqlx::query_scalar::<_, String>(stand).fetch_one(&mut admin).await.unwrap();
    let off = look().await;
    let store = Store::open(&owner, &options(false)).await.unwrap();
    fill(&store).await;
    for _ in 0..2 {
        migrate_with(&owner, ON).await.unwrap();
        let on = look().await;
        assert_ne!(on, off);
        // Neither is what a start does.
        for new in [true, false] {
            migrate_with(&owner, RowLevelSecurity::OfNewTables(new)).await.unwrap();
        }
        migrate_with(&owner, ON).await.unwrap();
        assert_eq!(look().await, on);
        // One that was there before finds nothing, and is not ready.
        let health = store.health().await;
        assert!(health.reads.unwrap_err().to_string().contains("row-level security"));
        let guarded = Store::open(&owner, &options(true)).await.unwrap();
        let found = guarded.get(&TenantId::from_stored("blue"), vec![parsed::id("x")]).await.remove(0);
        assert_eq!(found.unwrap().revision.get(), 2);
        assert!(guarded.health().await.is_ready());

        migrate_with(&owner, OFF).await.unwrap();
        assert_eq!(look().await, off);
        migrate_with(&owner, RowLevelSecurity::OfNewTables(true)).await.unwrap();
        assert_eq!(look().await, off);
        assert!(store.health().await.is_ready());
    }
}

/// What the check before a start says.
async fn checked(url: &str, on: bool) -> Finding {
    let findings = inspect(url, on).await;
    findings.into_iter().find(|finding| finding.what == "row-level security").unwrap()
}

/// The start and the check before it say the same.
async fn refused(url: &str, on: bool, named: &str) {
    let error = Store::open(url, &options(on)).await.expect_err(named);
    assert!(!error.transient && error.to_string().contains(named), "{error}");
    let found = checked(url, on).await;
    assert!(found.verdict == Verdict::Failed && found.said.contains(named), "{found:?}");
}

async fn accepted(url: &str, on: bool) {
    Store::open(url, &options(on)).await.unwrap();
    assert_eq!(checked(url, on).await.verdict, Verdict::Fine);
}

#[tokio::test]
async fn a_start_with_another_idea_of_it_is_refused_with_what_to_do() {
    let database = postgres::database().await;
    let (owner, admin) = (database.owner_url().await, database.url());
    let mut connection = PgConnection::connect(admin).await.unwrap();
    migrate(&owner).await.unwrap();
    accepted(&owner, false).await;
    refused(&owner, true, "migrate --row-level-security on").await;
    migrate_with(&owner, ON).await.unwrap();
    accepted(&owner, true).await;
    refused(&owner, false, "migrate --row-level-security off").await;
    // Nothing holds a superuser: one that is to be held is refused, and one that is not finds all that there is.
    refused(admin, true, "which is a superuser or has BYPASSRLS").await;
    accepted(admin, false).await;
    // What somebody else lets through beside the policies.
    run(&mut connection, "CREATE POLICY another ON channel_session_event USING (true)").await;
    refused(&owner, true, "or have others").await;
    run(&mut connection, "DROP POLICY another ON channel_session_event").await;
    accepted(&owner, true).await;
    run(&mut connection, "ALTER TABLE channel_session NO FORCE ROW LEVEL SECURITY").await;
    refused(&owner, true, "migrate --row-level-security on").await;
    migrate_with(&owner, ON).await.unwrap();
    accepted(&owner, true).await;
}

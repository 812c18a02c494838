//! The policies of the tables: switched on and off as a whole, and looked at before the store is used.

use sqlx::{PgConnection, Row, postgres::PgRow};

use crate::engine::{self, Engine};

/// The tables that hold a tenant.
const TABLES: [&str; 3] = ["channel_session", "channel_session_event", "channel_session_idempotency_record"];

/// The name says which condition it is: one that is changed gets another number.
const POLICY: &str = "channel_sessions_tenant_1";

/// The condition. Settings are read once for a statement and not for each row; one that was set before on the connection, and
/// is no more, is an empty text, which is no tenant. The planner takes what is not null for nearly all rows, whatever it is:
/// with a plain OR or CASE it would expect far fewer, and would sort a whole table of events instead of walking its index.
const CONDITION: &str = "
    CASE WHEN (SELECT current_setting('channel_sessions.all_tenants', true)) = 'on' THEN true
         WHEN tenant_id = (SELECT nullif(current_setting('channel_sessions.tenant', true), '')) COLLATE \"C\" THEN true
    END IS NOT NULL";

/// How the tables stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// All of them are guarded by the policy, and by no other.
    On,
    /// None is guarded.
    Off,
    /// Something else, such as one with a policy of somebody else's.
    Mixed,
}

/// How the tables stand.
pub(crate) async fn state(connection: &mut PgConnection) -> Result<State, sqlx::Error> {
    let tables = TABLES.map(|table| format!("to_regclass('{table}')")).join(", ");
    let state = format!(
        "SELECT count(*) FILTER (WHERE relrowsecurity AND relforcerowsecurity
                                   AND ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid)
                                       = '{{{POLICY}}}') = {} AS is_on,
                count(*) FILTER (WHERE relrowsecurity) = 0 AS is_off
         FROM pg_class WHERE oid IN ({tables})",
        TABLES.len()
    );
    let row = sqlx::raw_sql(sqlx::AssertSqlSafe(state)).fetch_one(connection).await?;
    Ok(match (row.try_get("is_on")?, row.try_get("is_off")?) {
        (true, _) => State::On,
        (false, true) => State::Off,
        (false, false) => State::Mixed,
    })
}

/// Switches it on or off. Needs the tables' owner, and locks them for a moment.
pub(crate) async fn switch(connection: &mut PgConnection, on: bool) -> Result<(), sqlx::Error> {
    for table in TABLES {
        let statements = if on {
            format!(
                "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
                 DROP POLICY IF EXISTS {POLICY} ON {table};
                 CREATE POLICY {POLICY} ON {table} USING ({CONDITION}) WITH CHECK ({CONDITION})"
            )
        } else {
            format!(
                "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
                 DROP POLICY IF EXISTS {POLICY} ON {table}"
            )
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// What is wrong where the store is to be used with row-level security or without, and what to do; none where all is well.
pub(crate) async fn problem(connection: &mut PgConnection, on: bool) -> Result<Option<String>, sqlx::Error> {
    const ROLE: &str = "
        SELECT current_user::text AS role, row_security_active('channel_session') AS is_active,
               (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS is_exempt";
    let row: PgRow = sqlx::raw_sql(ROLE).fetch_one(&mut *connection).await?;
    let role: &str = row.try_get("role")?;
    if !on {
        let is_active: bool = row.try_get("is_active")?;
        return Ok(is_active.then(|| {
            "the tables have row-level security, and --row-level-security is off, so nothing would be found: set it on, or \
             switch it off in the database by `channel-sessions migrate --row-level-security off` as the tables' owner"
                .to_owned()
        }));
    }
    if row.try_get("is_exempt")? {
        return Ok(Some(format!(
            "--row-level-security is on, and no policy holds for the role {role}, which is a superuser or has BYPASSRLS: \
             connect as one that is neither"
        )));
    }
    let answer = sqlx::raw_sql(engine::ASK).fetch_all(&mut *connection).await?;
    if Engine::of(connection, &answer).await? == Engine::Citus {
        return Ok(Some(
            "--row-level-security is on, which is not supported where Citus distributes the tables: set it off".to_owned(),
        ));
    }
    Ok((state(connection).await? != State::On).then(|| {
        "--row-level-security is on, and the tables do not have its policies, or have others: stop all instances, and run \
         `channel-sessions migrate --row-level-security on` as the tables' owner"
            .to_owned()
    }))
}

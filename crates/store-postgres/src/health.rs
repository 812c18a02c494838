//! Whether the database answers what callers need: each kind of call on the connections that it would use.

use std::time::Duration;

use domain::{
    Error, Outcome,
    error::{Denied, Source},
    health::{Check, Health},
};
use sqlx::Row;
use tokio::time::timeout;

use crate::{connections::Connections, error, open::Purposes, position, row_security::Rows};

/// How long the database may take for a probe: longer than a busy one does, and far below what callers wait.
const LIMIT: Duration = Duration::from_secs(3);

/// Not `SELECT 1`: without these tables the service cannot serve either. Of a tenant that there is not, so it finds nothing; of
/// any session, so that Citus asks every shard, and a worker that is unavailable shows.
const TABLES: &str = "
    SELECT session.revision, event.ordinal
    FROM channel_session AS session
    JOIN channel_session_event AS event ON event.tenant_id = session.tenant_id AND event.session_id = session.id
    WHERE session.tenant_id = ''";

/// Whether writes would be refused, and why: on a standby, where somebody has set the database or the role to read only, or
/// where the role lacks a right that one of the statements of `write.rs` and `epoch.rs` needs.
pub(crate) const WRITES: &str = "
    SELECT pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only')::boolean AS is_read_only,
           row_security_active('channel_session') AS has_row_security,
           (SELECT string_agg(privilege || ' on ' || needed.name, ', ')
            FROM (VALUES ('channel_session', '{SELECT,INSERT,UPDATE}'::text[]),
                         ('channel_session_epoch', '{SELECT,INSERT,DELETE}'),
                         ('channel_session_event', '{SELECT,INSERT,UPDATE,DELETE}'),
                         ('channel_session_event_log', '{SELECT,UPDATE}'),
                         ('channel_session_idempotency_record', '{SELECT,INSERT,DELETE}')) AS needed(name, privileges),
                 unnest(needed.privileges) AS privilege
            WHERE NOT CASE privilege WHEN 'DELETE' THEN has_table_privilege(needed.name, privilege)
                                     ELSE has_any_column_privilege(needed.name, privilege) END) AS missing";

pub(crate) async fn run(connections: &Purposes) -> Health {
    let (sessions, watches) = tokio::join!(
        timeout(LIMIT, sessions(connections)),
        timeout(LIMIT, position::now(&connections.events))
    );
    let watches = match watches.map_err(|_| stalled()) {
        // What there is none of has no instance that is ready for it.
        Ok(Ok(_) | Err(Error::NotSupported(_))) => Ok(()),
        Ok(Err(error)) => Err(cause(error)),
        Err(stalled) => Err(stalled),
    };
    match sessions {
        Ok(Ok(writes)) => Health { reads: Ok(()), writes, watches },
        Ok(Err(error)) => {
            let check = Err(cause(error));
            Health { reads: check.clone(), writes: check, watches }
        }
        Err(_) => Health { reads: Err(stalled()), writes: Err(stalled()), watches },
    }
}

/// Whether writes are answered, once reads are.
async fn sessions(connections: &Purposes) -> Result<Check, Error> {
    let mut connection = connections.reads.get().await?;
    connection.execute(Rows::OfAll, sqlx::query(TABLES)).await.map_err(error::of_read)?;
    let row = connection.fetch_one(Rows::None, sqlx::query(WRITES)).await.map_err(error::of_read)?;
    let missing: Option<String> = row.try_get("missing").map_err(error::of_read)?;
    let (is_standby, is_read_only) = (
        row.try_get("is_standby").map_err(error::of_read)?,
        row.try_get("is_read_only").map_err(error::of_read)?,
    );
    if !connections.reads.is_guarded() && row.try_get("has_row_security").map_err(error::of_read)? {
        // Nothing would be found, and everything be answered as missing.
        let what = "the tables have row-level security since this process started, and its --row-level-security is off";
        return Err(Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: what.into() });
    }
    if is_standby || is_read_only {
        // What reads from here may be behind what another server has by now.
        connections.all().into_iter().for_each(Connections::distrust);
        connection.close();
    }
    Ok(match (is_standby, is_read_only, missing) {
        (true, ..) => Err("the database is a standby, which takes no writes".into()),
        (false, true, _) => Err("the database is read-only".into()),
        (false, false, Some(missing)) => Err(Denied(format!("the role lacks {missing}")).into()),
        (false, false, None) => Ok(()),
    })
}

fn stalled() -> Source {
    format!("the database did not answer within {} s", LIMIT.as_secs()).into()
}

/// What lies behind an error, which operators need to know.
fn cause(error: Error) -> Source {
    if let Error::StoreUnavailable { cause, .. } | Error::Internal(cause) = error {
        cause
    } else {
        error.into()
    }
}

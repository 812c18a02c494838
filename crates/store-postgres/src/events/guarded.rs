//! Reading events where there is row-level security. Which transactions have been delivered is about those of all tenants, so
//! that is found out over all of them, together with which events there are for this one: of what is in those, only their keys.
//! What is in them is read among the tenant's rows alone, in the same snapshot.

use domain::{Error, session::TenantId};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use super::statement::CONTENTS;
use crate::{connections::Lease, error};

/// The rows that say which events there are, and as many with what is in them; none of these where there is no event.
pub(super) async fn fetch(
    connection: &mut Lease,
    tenant: &TenantId,
    keys: Query<'_, Postgres, PgArguments>,
) -> Result<(Vec<PgRow>, Vec<PgRow>), Error> {
    let contents = |rows: &[PgRow]| {
        let (mut sessions, mut revisions) = (Vec::new(), Vec::new());
        for row in rows {
            if let Some(session) = row.try_get::<Option<String>, _>("session_id")? {
                sessions.push(session);
                revisions.push(row.try_get::<i64, _>("revision")?);
            }
        }
        let query = || sqlx::query(CONTENTS).bind(tenant.as_str()).bind(sessions).bind(revisions);
        Ok((!rows.is_empty() && has_event(rows)?).then(query))
    };
    let (rows, contents) = connection.fetch_all_then(tenant, keys, contents).await.map_err(error::of_read)?;
    if has_event(&rows).map_err(error::of_read)? && contents.len() != rows.len() {
        // It is what row-level security is for, should it ever be.
        let what = "row-level security withholds events that a statement took for this tenant's";
        return Err(Error::Internal(what.into()));
    }
    Ok((rows, contents))
}

/// Whether these are rows of events, and not the one that says what the statement saw where there is none.
fn has_event(rows: &[PgRow]) -> Result<bool, sqlx::Error> {
    let Some(first) = rows.first() else { return Ok(false) };
    Ok(first.try_get::<Option<&str>, _>("session_id")?.is_some())
}

//! Reading what happened behind a position.

use domain::{
    Error,
    event::{Position, Scope},
    session::TenantId,
    store::Events,
};
use json::Tree;
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

use crate::{
    error,
    event::{columns, read},
    position::{self, behind, unknown},
};

/// The columns of `head` say, also where there is no event, how far events go and how far they have expired.
macro_rules! statement {
    ($scope:literal) => {
        concat!(
            "SELECT ", columns!(), ", event.document, event.number, head.*
             FROM (SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'channel_session_event'), 0) AS last,
                          (SELECT expired_to FROM channel_session_event_log) AS expired_to) AS head
             LEFT JOIN (
                 SELECT *
                 FROM channel_session_event
                 WHERE number > ?2 AND number <= ?3 AND tenant_id = ?1",
            $scope,
            "    ORDER BY number
                 LIMIT ?4) AS event ON true
             ORDER BY event.number"
        )
    };
}

/// The statement for a scope. Each takes the sessions as its fifth parameter, and the conversations as its sixth, both as
/// JSON arrays.
fn statement(scope: &Scope) -> &'static str {
    match scope {
        Scope::All => statement!(" AND ?5 IS NULL AND ?6 IS NULL "),
        Scope::Session(_) => statement!(" AND session_id = ?5 ->> 0 AND ?6 = '[]' "),
        Scope::Conversation(_) => statement!(" AND conversation_id = ?6 ->> 0 AND ?5 = '[]' "),
        Scope::Any(_) => statement!(
            " AND (?5 IS NULL OR session_id IN (SELECT value FROM json_each(?5))
                   OR conversation_id IN (SELECT value FROM json_each(?6))) "
        ),
    }
}

fn array(texts: Vec<&str>) -> String {
    Tree::Array(texts.into_iter().map(|text| Tree::String(text.into())).collect()).to_text()
}

pub(crate) async fn run(
    readers: &SqlitePool,
    tenant: &TenantId,
    scope: &Scope,
    after: &Position,
    until: Option<&Position>,
    limit: usize,
) -> Result<Events, Error> {
    let after = position::parse(after)?;
    let until = until.map(position::parse).transpose()?;
    let (sessions, conversations) = scope.parts().unzip();
    let rows = sqlx::query(statement(scope))
        .bind(tenant.as_str())
        .bind(after)
        .bind(until.unwrap_or(i64::MAX))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(sessions.map(array))
        .bind(conversations.map(array))
        .fetch_all(readers)
        .await
        .map_err(error::of_read)?;
    let (last, expired_to) = head(rows.first()).map_err(error::of_read)?;
    if after > last {
        return Err(unknown());
    }
    if after < expired_to {
        return Err(Error::PositionExpired);
    }
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(number) = row.try_get("number").map_err(error::of_read)? {
            events.push((read(row, tenant)?, behind(number)));
        }
    }
    let complete = events.len() < limit;
    let next = match events.last() {
        Some((_, next)) if !complete => next.clone(),
        // All that was looked at has been delivered.
        Some(_) | None => behind(until.unwrap_or(last).max(after)),
    };
    Ok(Events { events, next, complete })
}

fn head(row: Option<&SqliteRow>) -> Result<(i64, i64), sqlx::Error> {
    let row = row.ok_or(sqlx::Error::RowNotFound)?;
    Ok((row.try_get("last")?, row.try_get("expired_to")?))
}

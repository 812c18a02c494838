//! Reading what happened behind a position.

mod statement;

use domain::{
    Error,
    event::{Position, Scope},
    session::TenantId,
    store::{Events, MAX_EVENTS_BYTES},
};
use json::Tree;
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

use crate::{
    error,
    event::read_whole,
    position::{Cursor, Now},
};

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
    let cursor = Cursor::parse(after)?;
    let until = until.map(Cursor::parse).transpose()?.map(|until| until.number);
    let (sessions, conversations) = scope.parts().unzip();
    let rows = sqlx::query(statement::of(scope))
        .bind(tenant.as_str())
        .bind(cursor.number)
        .bind(until.unwrap_or(i64::MAX))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(sessions.map(array))
        .bind(conversations.map(array))
        .bind(&*cursor.epoch)
        .fetch_all(readers)
        .await
        .map_err(error::of_read)?;
    let head = Head::read(rows.first())?;
    if cursor.number > head.now.last {
        // It counts what is not there: an older copy of the file is in its place.
        return Err(Error::PositionExpired);
    }
    let epoch = head.now.epoch()?;
    let behind = |number| Cursor { epoch: epoch.into(), number }.position();
    let mut events = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for row in &rows {
        if let Some(number) = row.try_get("number").map_err(error::of_read)? {
            bytes += row.try_get::<i64, _>("document_bytes").map_err(error::of_read)?;
            // Where what came after it has expired, though it has not itself, it was written by a clock that was ahead.
            let event = read_whole(row, tenant)?.ok_or(Error::PositionExpired)?;
            events.push((event, behind(number)));
        }
    }
    if (events.len() == limit || usize::try_from(bytes).is_ok_and(|bytes| bytes >= MAX_EVENTS_BYTES))
        && let Some((_, next)) = events.last()
    {
        let next = next.clone();
        return Ok(Events { events, next, complete: false });
    }
    if let Some(last) = head.last_scanned {
        return Ok(Events { events, next: behind(last), complete: false });
    }
    let next = behind(until.unwrap_or(head.now.last).max(cursor.number));
    Ok(Events { events, next, complete: true })
}

/// What the statement says of itself.
struct Head {
    now: Now,
    /// The event up to which it looked at all that are in its scope, where there may be more behind it.
    last_scanned: Option<i64>,
}

impl Head {
    /// # Errors
    /// [`Error::PositionExpired`] if the position cannot be gone on from.
    fn read(row: Option<&SqliteRow>) -> Result<Self, Error> {
        let row = row.ok_or(sqlx::Error::RowNotFound).map_err(error::of_read)?;
        let is = |column| row.try_get::<bool, _>(column).map_err(error::of_read);
        if is("is_foreign")? || is("has_expired")? {
            return Err(Error::PositionExpired);
        }
        Ok(Self {
            now: Now::read(row).map_err(error::of_read)?,
            last_scanned: row.try_get("last_scanned").map_err(error::of_read)?,
        })
    }
}

#[cfg(test)]
mod tests;

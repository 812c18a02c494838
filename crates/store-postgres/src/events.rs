//! Reading what happened behind a position.

mod guarded;
mod in_order;
mod of_sessions;
mod statement;

use domain::{
    Error,
    event::{Event, Position, Scope},
    session::TenantId,
    store::{Events, MAX_EVENTS_BYTES},
};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{
    connections::Connections,
    error,
    event::read_whole,
    position::{Cursor, Now, Partial, transaction},
    row_security::Rows,
};

pub(crate) async fn run(
    connections: &Connections,
    tenant: &TenantId,
    scope: &Scope,
    after: &Position,
    until: Option<&Position>,
    limit: usize,
) -> Result<Events, Error> {
    let cursor = Cursor::parse(after)?;
    let until = until.map(Cursor::parse).transpose()?;
    let (sessions, mut conversations) = scope.parts().unzip();
    // No text in the database has U+0000, and it takes none that has.
    conversations.iter_mut().for_each(|ids| ids.retain(|id| !id.contains('\0')));
    let mut connection = connections.get().await?;
    connection.engine().check_positions()?;
    let is_guarded = connection.is_guarded();
    let query = sqlx::query(if is_guarded { statement::keys(scope) } else { statement::whole(scope) });
    let query = bind_until(bind_cursor(query.bind(tenant.as_str()), &cursor), until.as_ref())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(sessions)
        .bind(conversations);
    let (rows, contents) = if is_guarded {
        guarded::fetch(&mut connection, tenant, query).await?
    } else {
        (connection.fetch_all(Rows::Of(tenant), query).await.map_err(error::of_read)?, Vec::new())
    };
    drop(connection);
    // Where it is not in the same rows.
    let contents = if is_guarded { &contents } else { &rows };

    let head = Head::read(rows.first())?;
    if cursor.delivered.xmax > head.now.visible.xmax {
        // It counts transactions that there have not been: those of a history that is none any more.
        return Err(Error::PositionExpired);
    }
    let cursor = Cursor { epoch: head.epoch.ok_or(Error::PositionExpired)?, ..cursor };
    let visible = until.as_ref().map_or(&head.now.visible, |until| &until.delivered);
    let mut events = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for (row, content) in rows.iter().zip(contents) {
        if let Some(at) = partial(row)? {
            // Of its transaction, whatever sessions that is about: readers of others go on from its position too.
            let is_last = row.try_get("is_last").map_err(error::of_read)?;
            bytes += row.try_get::<i32, _>("document_bytes").map_err(error::of_read)?;
            events.push((event(content, tenant)?, cursor.up_to(visible, at, is_last).position()));
        }
    }
    if (events.len() == limit || usize::try_from(bytes).is_ok_and(|bytes| bytes >= MAX_EVENTS_BYTES))
        && let Some((_, next)) = events.last()
    {
        let next = next.clone();
        return Ok(Events { events, next, complete: false });
    }
    if let Some(last) = head.last_scanned {
        let next = cursor.up_to(visible, last, false).position();
        return Ok(Events { events, next, complete: false });
    }
    let end = match until {
        None => cursor.and(&head.now.visible, head.now.durable),
        Some(until) if until.is_within(&cursor) => cursor,
        Some(until) => {
            let end = cursor.and(&until.delivered, until.delivered.xmax);
            let partial = until.partial.filter(|partial| !end.delivered.sees(partial.transaction));
            Cursor { partial: partial.or(end.partial), ..end }
        }
    };
    Ok(Events { events, next: end.position(), complete: true })
}

fn event(row: &PgRow, tenant: &TenantId) -> Result<Event, Error> {
    // What came after it has expired, though it has not itself: it was written by a clock that is ahead.
    read_whole(row, tenant)?.ok_or(Error::PositionExpired)
}

/// Where an event stands; none in a row without one.
fn partial(row: &PgRow) -> Result<Option<Partial>, Error> {
    let Some(id) = row.try_get::<Option<&str>, _>("transaction_id").map_err(error::of_read)? else {
        return Ok(None);
    };
    let ordinal = row.try_get("ordinal").map_err(error::of_read)?;
    Ok(Some(Partial { transaction: transaction(id)?, ordinal }))
}

/// Parameters 2 to 8.
fn bind_cursor<'a>(
    query: Query<'a, Postgres, PgArguments>,
    cursor: &Cursor,
) -> Query<'a, Postgres, PgArguments> {
    let Cursor { epoch, delivered, partial } = cursor;
    let (from, from_ordinal) = match partial {
        Some(partial) if partial.transaction == delivered.xmax => (partial.transaction, partial.ordinal),
        Some(_) | None => (delivered.xmax - 1, i32::MAX),
    };
    query
        .bind(epoch.to_string())
        .bind(delivered.xmax.to_string())
        .bind(delivered.to_string())
        .bind(partial.map(|partial| partial.transaction.to_string()))
        .bind(partial.map(|partial| partial.ordinal))
        .bind(from.to_string())
        .bind(from_ordinal)
}

/// Parameters 9 to 13.
fn bind_until<'a>(
    query: Query<'a, Postgres, PgArguments>,
    until: Option<&Cursor>,
) -> Query<'a, Postgres, PgArguments> {
    let partial = until.and_then(|until| until.partial);
    query
        .bind(until.map_or(u64::MAX, |until| until.delivered.xmax).to_string())
        .bind(until.map_or_else(|| "{}".to_owned(), |until| until.delivered.to_string()))
        .bind(until.map(|until| until.delivered.xmax.to_string()))
        .bind(partial.map(|partial| partial.transaction.to_string()))
        .bind(partial.map(|partial| partial.ordinal))
}

/// What the statement says of itself.
struct Head {
    now: Now,
    epoch: Option<Box<str>>,
    /// The event up to which it looked at all that are in its scope, where there may be more behind it.
    last_scanned: Option<Partial>,
}

impl Head {
    /// # Errors
    /// [`Error::PositionExpired`] if the position cannot be gone on from.
    fn read(row: Option<&PgRow>) -> Result<Self, Error> {
        let row = row.ok_or(sqlx::Error::RowNotFound).map_err(error::of_read)?;
        let is = |column| row.try_get::<bool, _>(column).map_err(error::of_read);
        if is("is_foreign")? || is("has_expired")? {
            return Err(Error::PositionExpired);
        }
        let (now, epoch) = Now::read(row)?;
        let last: Option<&str> = row.try_get("last_scanned").map_err(error::of_read)?;
        let last_scanned = last
            .and_then(|last| last.split_once('.'))
            .map(|(id, ordinal)| -> Result<_, Error> {
                let ordinal = ordinal.parse().map_err(|_| Error::Internal("an ordinal is broken".into()))?;
                Ok(Partial { transaction: transaction(id)?, ordinal })
            })
            .transpose()?;
        Ok(Self { now, epoch, last_scanned })
    }
}

//! Reading what happened behind a position.

use domain::{
    Error,
    event::{Event, Position, Scope},
    session::TenantId,
    store::Events,
};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{
    connections::Connections,
    epoch::database_id,
    error,
    event::{columns, past, read_whole},
    position::{Cursor, Now, Partial, now_columns, transaction},
};

/// How many events a statement looks at, whether or not they are in its scope: what it takes is bounded by this, however many
/// are kept. As a literal, since the planner would take a parameter for a tenth of the table.
macro_rules! max_scanned {
    () => {
        "1024"
    };
}
const MAX_SCANNED: i64 = 1024;

/// Whether an event is visible at the end that was asked for, where one was.
macro_rules! until {
    () => {
        " transaction_id <= $9::xid8
          AND ($11::xid8 IS NULL OR (transaction_id < $11::xid8 AND NOT transaction_id = ANY($10::xid8[]))
               OR (transaction_id = $12::xid8 AND ordinal <= $13)) "
    };
}

/// The events behind a position in the order of their transactions, each part along the index: of the transaction that has
/// been delivered in part, of those that were under way then, and of those that came later.
macro_rules! in_order {
    () => {
        concat!(
            "SELECT * FROM (
                 (SELECT * FROM channel_session_event
                  WHERE transaction_id = $5::xid8 AND $5::xid8 < $3::xid8 AND ordinal > $6 AND ", until!(),
            "     ORDER BY transaction_id, ordinal LIMIT ", max_scanned!(), ")
                 UNION ALL
                 (SELECT * FROM channel_session_event
                  WHERE transaction_id = ANY($4::xid8[]) AND transaction_id <> coalesce($5::xid8, '0') AND ", until!(),
            "     ORDER BY transaction_id, ordinal LIMIT ", max_scanned!(), ")
                 UNION ALL
                 (SELECT * FROM channel_session_event
                  WHERE (transaction_id, ordinal) > ($7::xid8, $8) AND ", until!(),
            "     ORDER BY transaction_id, ordinal LIMIT ", max_scanned!(), ")) AS unseen
             ORDER BY transaction_id <> coalesce($5::xid8, '0'), transaction_id, ordinal LIMIT ", max_scanned!()
        )
    };
}

/// Whether an event is behind the position.
macro_rules! unseen {
    () => {
        " ((transaction_id, ordinal) > ($7::xid8, $8)
           OR transaction_id = ANY($4::xid8[]) AND (transaction_id <> coalesce($5::xid8, '0') OR ordinal > $6)) "
    };
}

/// The same of one session: among its newest, where those reach back to the position, since the order of its revisions is that
/// of transactions; otherwise among all events.
macro_rules! of_session {
    () => {
        concat!(
            "WITH newest AS MATERIALIZED (
                 SELECT * FROM channel_session_event WHERE tenant_id = $1 AND session_id = ($15::text[])[1]
                 ORDER BY revision DESC LIMIT ", max_scanned!(), "
             ), reach AS MATERIALIZED (
                 SELECT count(*) < ", max_scanned!(), " OR NOT bool_and(", unseen!(), ") AS is_enough FROM newest
             )
             SELECT * FROM newest WHERE (SELECT is_enough FROM reach) AND ", unseen!(), " AND ", until!(), "
             UNION ALL
             SELECT * FROM (", in_order!(), ") AS others WHERE NOT (SELECT is_enough FROM reach)"
        )
    };
}

/// The columns of `head` say, also where there is no event, what the statement itself sees, and whether the position can be
/// gone on from.
macro_rules! statement {
    ($scanned:expr, $scope:literal) => {
        concat!(
            "WITH here AS MATERIALIZED (SELECT ", database_id!(), " AS database_id
             ), scanned AS MATERIALIZED (", $scanned, "
             ), page AS MATERIALIZED (
                 SELECT * FROM scanned WHERE tenant_id = $1 ", $scope, "
                 ORDER BY transaction_id <> coalesce($5::xid8, '0'), transaction_id, ordinal LIMIT $14
             ), head AS MATERIALIZED (
                 SELECT ", now_columns!(), ",
                        NOT EXISTS (
                            SELECT FROM channel_session_epoch AS own
                            WHERE own.id = $2 AND own.database_id = (SELECT database_id FROM here)
                              AND NOT EXISTS (
                                  SELECT FROM channel_session_epoch AS later
                                  WHERE later.transaction_id > own.transaction_id AND later.transaction_id < $3::xid8
                                    AND NOT later.transaction_id = ANY($4::xid8[]))) AS is_foreign,
                        (SELECT coalesce(expired_to >= least($3::xid8, ($4::xid8[])[1]), false)
                                OR EXISTS (SELECT FROM unnest(expired_last) AS expired
                                           WHERE expired >= $3::xid8 OR expired = ANY($4::xid8[]))
                         FROM channel_session_event_log) AS has_expired,
                        (SELECT count(*) FROM scanned) AS scanned,
                        (SELECT transaction_id::text || '.' || ordinal FROM scanned
                         ORDER BY transaction_id = coalesce($5::xid8, '0'), transaction_id DESC, ordinal DESC LIMIT 1)
                            AS last_scanned
             )
             SELECT head.*, page.transaction_id::text, page.ordinal,
                    NOT EXISTS (SELECT FROM channel_session_event AS next
                                WHERE next.transaction_id = page.transaction_id AND next.ordinal > page.ordinal) AS is_last,
                    ", columns!("page"), ", past.*
             FROM head LEFT JOIN page ON true LEFT JOIN LATERAL ", past!("page"), " AS past ON true
             ORDER BY page.transaction_id <> coalesce($5::xid8, '0'), page.transaction_id, page.ordinal"
        )
    };
}

/// The statement for a scope. Each takes the sessions as its fifteenth parameter, and the conversations as its sixteenth.
fn statement(scope: &Scope) -> &'static str {
    match scope {
        Scope::All => statement!(in_order!(), " AND $15::text[] IS NULL AND $16::text[] IS NULL "),
        Scope::Session(_) => {
            statement!(of_session!(), " AND session_id = ($15::text[])[1] AND $16::text[] = '{}' ")
        }
        Scope::Conversation(_) => {
            statement!(in_order!(), " AND conversation_id = ANY($16) AND $15::text[] = '{}' ")
        }
        Scope::Any(_) => {
            statement!(
                in_order!(),
                " AND ($15 IS NULL OR session_id = ANY($15) OR conversation_id = ANY($16)) "
            )
        }
    }
}

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
    let query = sqlx::query(statement(scope)).bind(tenant.as_str());
    let query = bind_until(bind_cursor(query, &cursor), until.as_ref())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(sessions)
        .bind(conversations);
    let rows = connection.fetch_all(query).await.map_err(error::of_read)?;
    drop(connection);

    let head = Head::read(rows.first())?;
    if cursor.delivered.xmax > head.now.visible.xmax {
        // It counts transactions that there have not been: those of a history that is none any more.
        return Err(Error::PositionExpired);
    }
    let cursor = Cursor { epoch: head.epoch.ok_or(Error::PositionExpired)?, ..cursor };
    let visible = until.as_ref().map_or(&head.now.visible, |until| &until.delivered);
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(at) = place(row)? {
            // Of its transaction, whatever sessions that is about: readers of others go on from its position too.
            let is_last = row.try_get("is_last").map_err(error::of_read)?;
            events.push((event(row, tenant)?, cursor.up_to(visible, at, is_last).position()));
        }
    }
    if events.len() == limit
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
fn place(row: &PgRow) -> Result<Option<Partial>, Error> {
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
    /// The last event that it looked at, where there may be more behind it.
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
        let scanned: i64 = row.try_get("scanned").map_err(error::of_read)?;
        let last: Option<&str> = row.try_get("last_scanned").map_err(error::of_read)?;
        let last = last.filter(|_| scanned == MAX_SCANNED).and_then(|last| last.split_once('.'));
        let last_scanned = last
            .map(|(id, ordinal)| {
                let ordinal = ordinal.parse().map_err(|_| Error::Internal("an ordinal is broken".into()))?;
                Ok(Partial { transaction: transaction(id)?, ordinal })
            })
            .transpose()?;
        Ok(Self { now, epoch, last_scanned })
    }
}

//! Reading what happened behind a position.

use domain::{
    Error,
    event::{Position, Scope},
    session::TenantId,
    store::Events,
};
use sqlx::{Row, postgres::PgRow};

use crate::{
    connections::Connections,
    error,
    event::{columns, read},
    position::{Cursor, Partial, Snapshot, unknown},
};

/// What a later snapshot sees and an earlier one does not, in the order of numbers. The columns of `head` say, also where
/// there is no event, what the statement itself sees, and whether it could see everything.
macro_rules! statement {
    ($scope:literal) => {
        concat!(
            "SELECT ", columns!(), ", event.document, event.number, head.*
             FROM (SELECT pg_current_snapshot()::text AS now,
                          (SELECT last_value FROM channel_session_event_number_seq) AS last,
                          coalesce((SELECT expired_to FROM channel_session_event_log)
                                       >= pg_snapshot_xmin($2::pg_snapshot), false)
                          OR EXISTS (
                              SELECT FROM channel_session_event_expired AS expired
                              WHERE expired.transaction_id >= pg_snapshot_xmin($2::pg_snapshot)
                                AND NOT pg_visible_in_snapshot(expired.transaction_id, $2::pg_snapshot)
                                AND NOT coalesce(expired.number <= $4
                                    AND pg_visible_in_snapshot(expired.transaction_id, $3::pg_snapshot), false))
                              AS expired,
                          pg_snapshot_xmax(coalesce($3, $2)::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
                              AS unknown) AS head
             LEFT JOIN LATERAL (
                 SELECT *
                 FROM channel_session_event
                 WHERE tenant_id = $1 AND transaction_id >= pg_snapshot_xmin($2::pg_snapshot)
                   AND NOT pg_visible_in_snapshot(transaction_id, $2::pg_snapshot)
                   AND ($3::text IS NULL OR pg_visible_in_snapshot(transaction_id, $3::pg_snapshot))
                   AND number > $4 AND number <= $5",
            $scope,
            "    ORDER BY number
                 LIMIT $6) AS event ON true
             ORDER BY event.number"
        )
    };
}

/// The statement for a scope. Each takes the sessions as its seventh parameter, and the conversations as its eighth.
fn statement(scope: &Scope) -> &'static str {
    match scope {
        Scope::All => statement!(" AND $7::text[] IS NULL AND $8::text[] IS NULL "),
        Scope::Session(_) => statement!(" AND session_id = ANY($7) AND $8::text[] = '{}' "),
        Scope::Conversation(_) => statement!(" AND conversation_id = ANY($8) AND $7::text[] = '{}' "),
        Scope::Any(_) => {
            statement!(" AND ($7 IS NULL OR session_id = ANY($7) OR conversation_id = ANY($8)) ")
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
    let stretch = Stretch::behind(&cursor, until.as_ref());
    let (sessions, mut conversations) = scope.parts().unzip();
    // No text in the database has U+0000, and it takes none that has.
    conversations.iter_mut().for_each(|ids| ids.retain(|id| !id.contains('\0')));
    let mut connection = connections.get().await?;
    let query = sqlx::query(statement(scope))
        .bind(tenant.as_str())
        .bind(cursor.delivered.to_string())
        .bind(stretch.until.as_ref().map(Snapshot::to_string))
        .bind(stretch.from)
        .bind(stretch.to)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(sessions)
        .bind(conversations);
    let rows = connection.fetch_all(query).await.map_err(error::of_read)?;
    drop(connection);

    let head = Head::read(rows.first()).map_err(error::of_read)?;
    if head.unknown {
        return Err(unknown());
    }
    if head.expired {
        return Err(Error::PositionExpired);
    }
    let until = match &stretch.until {
        Some(until) => until.clone(),
        None => Snapshot::from_database(&head.now)?,
    };
    let last = stretch.last.unwrap_or(head.last);
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(number) = row.try_get::<Option<i64>, _>("number").map_err(error::of_read)? else { continue };
        let partial = Some(Partial { until: until.clone(), number, last });
        events.push((read(row, tenant)?, Cursor { delivered: cursor.delivered.clone(), partial }.position()));
    }
    if events.len() == limit
        && let Some((_, next)) = events.last()
    {
        let next = next.clone();
        return Ok(Events { events, next, complete: false });
    }
    let end = stretch.end.unwrap_or(Cursor { delivered: until, partial: None });
    Ok(Events { events, next: end.position(), complete: stretch.complete })
}

/// What one statement reads: what a later snapshot sees, between two numbers.
struct Stretch {
    /// The later snapshot; none for what the statement itself sees.
    until: Option<Snapshot>,
    /// Numbers are above this.
    from: i64,
    /// Numbers are not above this.
    to: i64,
    /// No number that the later snapshot sees is above this, where that is known already.
    last: Option<i64>,
    /// The cursor behind it; none for the one behind all that the later snapshot sees.
    end: Option<Cursor>,
    /// Whether that is as far as was asked for.
    complete: bool,
}

impl Stretch {
    /// What comes first behind a cursor. A cursor holds two snapshots and no more: a part that has begun to be delivered
    /// is delivered to its end before anything else is.
    fn behind(cursor: &Cursor, until: Option<&Cursor>) -> Self {
        if until.is_some_and(|until| until.is_within(cursor)) {
            // Nothing; but whether the cursor is one of this database's has still to be found out.
            let partial = cursor.partial.as_ref();
            let until = partial.map_or(&cursor.delivered, |partial| &partial.until);
            let number = partial.map_or(0, |partial| partial.number);
            return Self {
                until: Some(until.clone()),
                from: number,
                to: number,
                last: None,
                end: Some(cursor.clone()),
                complete: true,
            };
        }
        if let Some(partial) = &cursor.partial {
            let is_same = |until: &&Cursor| {
                until.delivered == cursor.delivered
                    && until.partial.as_ref().is_some_and(|it| it.until == partial.until)
            };
            let end = until.filter(is_same);
            let to = end.and_then(|end| Some(end.partial.as_ref()?.number)).unwrap_or(i64::MAX);
            let whole = Cursor { delivered: partial.until.clone(), partial: None };
            let complete = end.is_some() || until == Some(&whole);
            return Self {
                until: Some(partial.until.clone()),
                from: partial.number,
                to: to.min(partial.last),
                last: Some(partial.last),
                end: end.cloned(),
                complete,
            };
        }
        let whole = |until: Option<&Snapshot>, complete| Self {
            until: until.cloned(),
            from: 0,
            to: i64::MAX,
            last: None,
            end: None,
            complete,
        };
        let Some(until) = until else { return whole(None, true) };
        match &until.partial {
            Some(partial) if until.delivered.is_within(&cursor.delivered) => Self {
                until: Some(partial.until.clone()),
                from: 0,
                to: partial.number,
                last: Some(partial.last),
                end: Some(Cursor { delivered: cursor.delivered.clone(), partial: Some(partial.clone()) }),
                complete: true,
            },
            // The part comes when all before it has been delivered.
            Some(_) => whole(Some(&until.delivered), false),
            None => whole(Some(&until.delivered), true),
        }
    }
}

/// What the statement says of itself.
struct Head {
    now: String,
    last: i64,
    expired: bool,
    unknown: bool,
}

impl Head {
    fn read(row: Option<&PgRow>) -> Result<Self, sqlx::Error> {
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        Ok(Self {
            now: row.try_get("now")?,
            last: row.try_get("last")?,
            expired: row.try_get("expired")?,
            unknown: row.try_get("unknown")?,
        })
    }
}

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
    event::{columns, past, read_whole},
    position::{Cursor, Now, now_columns},
};

/// How many events a statement looks at, whether or not they are in its scope: what it takes is bounded by this, however many
/// are kept.
const MAX_SCANNED: i64 = 1024;

/// The columns of `head` say, also where there is no event, how far events go, and whether the position can be gone on from.
macro_rules! statement {
    ($scanned:literal, $scope:literal) => {
        concat!(
            "WITH scanned AS MATERIALIZED (
                 SELECT * FROM channel_session_event WHERE number > ?2 AND number <= ?3 ", $scanned, " LIMIT ?7
             ), page AS MATERIALIZED (
                 SELECT * FROM scanned WHERE tenant_id = ?1 ", $scope, " ORDER BY number LIMIT ?4
             ), head AS MATERIALIZED (
                 SELECT ", now_columns!(), ",
                        NOT EXISTS (
                            SELECT 1 FROM channel_session_epoch AS own
                            WHERE own.id = ?8
                              AND NOT EXISTS (SELECT 1 FROM channel_session_epoch AS later
                                              WHERE later.number > own.number AND later.last < ?2)) AS is_foreign,
                        (SELECT expired_to > ?2 FROM channel_session_event_log) AS has_expired,
                        (SELECT count(*) FROM scanned) AS scanned,
                        (SELECT max(number) FROM scanned) AS last_scanned
             )
             SELECT head.*, page.number, ", columns!("page"), ", ", past!("page"), "
             FROM head LEFT JOIN page ON true
             ORDER BY page.number"
        )
    };
}

/// The statement for a scope. Each takes the sessions as its fifth parameter, and the conversations as its sixth, both as
/// JSON arrays.
fn statement(scope: &Scope) -> &'static str {
    match scope {
        Scope::All => statement!(" ORDER BY number ", " AND ?5 IS NULL AND ?6 IS NULL "),
        Scope::Session(_) => {
            statement!(" AND tenant_id = ?1 AND session_id = ?5 ->> 0 ORDER BY revision ", " AND ?6 = '[]' ")
        }
        Scope::Conversation(_) => {
            statement!(" ORDER BY number ", " AND conversation_id = ?6 ->> 0 AND ?5 = '[]' ")
        }
        Scope::Any(_) => statement!(
            " ORDER BY number ",
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
    let cursor = Cursor::parse(after)?;
    let until = until.map(Cursor::parse).transpose()?.map(|until| until.number);
    let (sessions, conversations) = scope.parts().unzip();
    let rows = sqlx::query(statement(scope))
        .bind(tenant.as_str())
        .bind(cursor.number)
        .bind(until.unwrap_or(i64::MAX))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(sessions.map(array))
        .bind(conversations.map(array))
        .bind(MAX_SCANNED)
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
    for row in &rows {
        if let Some(number) = row.try_get("number").map_err(error::of_read)? {
            // Where what came after it has expired, though it has not itself, it was written by a clock that was ahead.
            let event = read_whole(row, tenant)?.ok_or(Error::PositionExpired)?;
            events.push((event, behind(number)));
        }
    }
    if events.len() == limit
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
    /// The last event that it looked at, where there may be more behind it.
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
        let scanned: i64 = row.try_get("scanned").map_err(error::of_read)?;
        let last: Option<i64> = row.try_get("last_scanned").map_err(error::of_read)?;
        Ok(Self {
            now: Now::read(row).map_err(error::of_read)?,
            last_scanned: last.filter(|_| scanned == MAX_SCANNED),
        })
    }
}

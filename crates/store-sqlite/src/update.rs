//! Writing new data of sessions and the events about it, which is what nearly all writes are: a whole transaction, for many
//! sessions, as one string of statements. Each message to SQLite's thread costs more than what a statement does.

use domain::batch::SessionWrite;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query_builder::Separated};

use crate::columns::EventColumns;

/// Gives sessions new data, or fails with a broken constraint if the revision of one of them is not the expected one.
/// Leaves the transaction open where it fails.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    group: &[SessionWrite],
) -> Result<(), sqlx::Error> {
    let events: Vec<_> = group.iter().flat_map(|write| &write.events).map(EventColumns::of).collect();
    // Filled up with nulls, there are few different strings to prepare. No session is found for a null.
    let rows = group.len().max(events.len()).next_power_of_two();

    let mut query = QueryBuilder::<Sqlite>::new(
        "BEGIN IMMEDIATE;
         UPDATE channel_session
         SET revision = CASE revision WHEN item.column3 THEN item.column4 END, document = item.column5
         FROM (",
    );
    query.push_values(filled(group.iter(), rows), bind_session);
    query.push(
        ") AS item WHERE tenant_id = item.column1 AND id = item.column2;
         INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester,
                                            request_id, trace_id, changes, document_before, document_bytes)
         SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10, column11,
                column12
         FROM (",
    );
    query.push_values(filled(events.into_iter(), rows), |row, columns| {
        columns.unwrap_or_default().bind_row(row);
    });
    query.push(
        ") WHERE column1 IS NOT NULL;
         COMMIT",
    );
    query.build().execute(connection).await.map(drop)
}

fn filled<T>(items: impl ExactSizeIterator<Item = T>, rows: usize) -> impl Iterator<Item = Option<T>> {
    let missing = rows - items.len();
    items.map(Some).chain(std::iter::repeat_with(|| None).take(missing))
}

fn bind_session(mut row: Separated<'_, Sqlite, &'static str>, write: Option<&SessionWrite>) {
    row.push_bind(write.map(|write| write.tenant.as_str()))
        .push_bind(write.map(|write| write.id.as_str()))
        .push_bind(write.map(|write| write.expected.get()))
        .push_bind(write.map(|write| write.revision.get()))
        .push_bind(write.and_then(|write| write.document.as_deref()));
}

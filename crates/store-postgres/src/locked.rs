//! Which of several sessions somebody else has locked, so that the others need not wait with them.

use domain::batch::SessionWrite;

use crate::{connections::Lease, load, row_security::Rows};

/// Those that are not locked. The locks that it takes end with it, so it is only a hint.
const FREE: &str = "
    SELECT item.ordinal
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS item(tenant_id, id, ordinal)
    JOIN channel_session AS session ON session.tenant_id = item.tenant_id AND session.id = item.id
    FOR NO KEY UPDATE OF session SKIP LOCKED";

/// For each of the writes that could not be written for somebody else's lock, whether its session is locked.
pub(crate) async fn run(connection: &mut Lease, rows: Rows<'_>, group: &[SessionWrite]) -> Vec<bool> {
    if group.len() == 1 {
        return vec![true];
    }
    let free = sqlx::query(FREE)
        .bind(group.iter().map(|write| write.tenant.as_str()).collect::<Vec<_>>())
        .bind(group.iter().map(|write| write.id.as_str()).collect::<Vec<_>>());
    let Ok(rows) = connection.fetch_all(rows, free).await else {
        // The whole table is locked, or the database cannot lock so many at once: each has to find out by itself.
        return vec![true; group.len()];
    };
    // What is not there yet cannot be locked, though somebody else may be about to store it.
    let mut is_locked: Vec<bool> = group.iter().map(|write| write.expected.get() != 0).collect();
    for index in rows.iter().filter_map(|row| load::index(row).ok()) {
        is_locked[index] = false;
    }
    is_locked
}

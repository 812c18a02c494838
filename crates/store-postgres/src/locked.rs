//! Which of several sessions somebody else has locked, so that the others need not wait with them.

use domain::batch::SessionWrite;
use sqlx::Row;

use crate::connections::Lease;

/// The places of those that are not locked. The locks that it takes end with it, so it is only a hint.
const FREE: &str = "
    SELECT item.place
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS item(tenant_id, id, place)
    JOIN channel_session AS session ON session.tenant_id = item.tenant_id AND session.id = item.id
    FOR NO KEY UPDATE OF session SKIP LOCKED";

/// Takes parts that could not be written for somebody else's lock apart: into groups that can be tried again, and those
/// that are locked.
pub(crate) async fn apart(
    connection: &mut Lease,
    mut writes: Vec<SessionWrite>,
) -> (Vec<Vec<SessionWrite>>, Vec<SessionWrite>) {
    if writes.len() == 1 {
        return (Vec::new(), writes);
    }
    let free = sqlx::query(FREE)
        .bind(writes.iter().map(|write| write.tenant.as_str()).collect::<Vec<_>>())
        .bind(writes.iter().map(|write| write.id.as_str()).collect::<Vec<_>>());
    let Ok(rows) = connection.fetch_all(free).await else {
        // The whole table is locked, or the database cannot lock so many at once: each has to find out by itself.
        return (Vec::new(), writes);
    };
    let mut is_free = vec![false; writes.len()];
    for index in rows.iter().filter_map(|row| usize::try_from(row.try_get::<i64, _>(0).ok()? - 1).ok()) {
        is_free[index] = true;
    }
    let mut is_free = is_free.into_iter();
    let (free, locked): (Vec<_>, Vec<_>) = std::mem::take(&mut writes)
        .into_iter()
        // What is not there yet cannot be locked, though somebody else may be about to store it.
        .partition(|write| is_free.next() == Some(true) || write.expected.get() == 0);
    if !locked.is_empty() {
        return (vec![free], locked);
    }
    // What was in the way is gone, or is no session's row.
    writes = free;
    let rest = writes.split_off(writes.len() / 2);
    (vec![rest, writes], Vec::new())
}

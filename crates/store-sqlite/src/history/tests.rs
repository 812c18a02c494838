//! What a page takes does not depend on how much is kept: counted in steps of SQLite's machine, which do not depend on how fast
//! they are.

use sqlx::SqliteConnection;
use store_testkit::parsed;

use super::*;
use crate::counted::Counted;

/// Events of one session, all but a few of which change the same key.
const FILL: &str = "
    WITH RECURSIVE event(n) AS (SELECT ?1 + 1 UNION ALL SELECT n + 1 FROM event WHERE n < ?2)
    INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, requester, document_bytes, changes)
    SELECT 'default', 'long', n, 'CHANNEL_SESSION_DATA_UPDATED', n, 'somebody', 2,
           '[{\"key\":\"' || CASE WHEN n % 100000 = 0 THEN 'seldom' ELSE 'often' END
               || '\",\"index\":0,\"newType\":\"Number\",\"newValue\":' || n || '}]'
    FROM event";

/// One step is counted for so many instructions.
const INSTRUCTIONS: i32 = 100;

async fn fill(connection: &mut SqliteConnection, from: i64, to: i64) {
    sqlx::query(FILL).bind(from).bind(to).execute(connection).await.unwrap();
}

/// The events of a page, whether there is another one, and how many steps it took.
async fn page(counted: &Counted, key: &str, before: Option<i64>) -> (usize, bool, usize) {
    let (tenant, id, before) = (TenantId::only(), parsed::id("long"), before.map(Revision::new));
    let (page, took) = counted.of(run(&counted.readers, &tenant, &id, Some(key), before, 100)).await;
    let page = page.unwrap();
    (page.events.len(), page.next.is_some(), took)
}

#[tokio::test]
async fn a_page_takes_the_same_however_much_is_kept() {
    let counted = Counted::new(INSTRUCTIONS).await;
    let readers = &counted.readers;
    let mut connection = readers.acquire().await.unwrap();
    let few = i64::try_from(2 * MAX_SCANNED).unwrap();
    fill(&mut connection, 0, few).await;
    drop(connection);
    let (often, never) = (page(&counted, "often", None).await, page(&counted, "never", None).await);
    assert_eq!((often.0, often.1, never.0, never.1), (100, true, 0, true));
    assert!(often.2 > 0 && never.2 > often.2, "{often:?} {never:?}");

    fill(&mut readers.acquire().await.unwrap(), few, 300_000).await;
    for (key, before, found, few_took) in [
        ("often", None, 100, often.2),
        ("often", Some(150_000), 100, often.2),
        ("seldom", None, 1, never.2),
        ("seldom", Some(150_000), 0, never.2),
        ("never", None, 0, never.2),
        ("never", Some(150_000), 0, never.2),
    ] {
        let (count, has_next, took) = page(&counted, key, before).await;
        assert_eq!((count, has_next), (found, true), "{key} before {before:?}");
        assert!(
            took <= few_took + few_took / 10,
            "{key} before {before:?}: {took} steps, and {few_took} among few"
        );
    }
}

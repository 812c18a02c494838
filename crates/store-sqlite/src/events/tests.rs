//! What a resumed watch of some sessions takes does not depend on how much happened to others: counted in steps of SQLite's
//! machine, which do not depend on how fast they are.

use sqlx::SqliteConnection;
use store_testkit::parsed;

use super::*;
use crate::counted::Counted;

/// Sessions, three to a conversation, with ten events each, one of all after the other.
const SESSIONS: &str = "
    WITH RECURSIVE session(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM session WHERE n < ?2)
    INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, active)
    SELECT 'default', 's' || n, 10, '{\"channelData\":{\"additionalAttributes\":[]}}', 'c' || (n / 3), true FROM session";
const EVENTS: &str = "
    WITH RECURSIVE event(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM event WHERE n < ?2)
    INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, left_conversation_id,
                                       requester, document_bytes, changes)
    SELECT 'default', 's' || n, revision.value, 'CHANNEL_SESSION_DATA_UPDATED', n,
           CASE WHEN n = 4 AND revision.value < 6 THEN 'left' ELSE 'c' || (n / 3) END,
           CASE WHEN n = 4 AND revision.value = 6 THEN 'left' END, 'somebody', 45, '[]'
    FROM json_each('[1,2,3,4,5,6,7,8,9,10]') AS revision CROSS JOIN event";

/// One step is counted for so many instructions.
const INSTRUCTIONS: i32 = 10;

async fn fill(connection: &mut SqliteConnection, from: i64, to: i64) {
    for statement in [SESSIONS, EVENTS] {
        sqlx::query(statement).bind(from).bind(to).execute(&mut *connection).await.unwrap();
    }
}

#[tokio::test]
async fn a_resumed_watch_of_some_sessions_takes_the_same_however_much_happened() {
    let counted = Counted::new(INSTRUCTIONS).await;
    let readers = &counted.readers;
    let mut connection = readers.acquire().await.unwrap();
    let begin = "INSERT INTO channel_session_epoch (last) VALUES (0)";
    sqlx::query(begin).execute(&mut *connection).await.unwrap();
    fill(&mut connection, 0, 10).await;
    drop(connection);

    let tenant = TenantId::only();
    let start = Cursor::parse(&crate::position::now(readers).await.unwrap()).unwrap();
    let start = Cursor { number: 0, ..start }.position();
    // What is found, and the steps that it takes.
    let resume = async |scope: &Scope| {
        let (page, took) = counted.of(run(readers, &tenant, scope, &start, None, 100)).await;
        let page = page.unwrap();
        assert!(page.complete, "{scope:?}");
        (page.events.len(), took)
    };
    let scopes = [
        (Scope::Session(parsed::id("s4")), 10),
        (Scope::Conversation("c1".to_owned()), 25),
        (Scope::Conversation("left".to_owned()), 5),
        (Scope::Conversation("missing".to_owned()), 0),
    ];
    let mut among_few = Vec::new();
    for (scope, expected) in &scopes {
        let (found, took) = resume(scope).await;
        assert_eq!(found, *expected, "{scope:?}");
        among_few.push(took);
    }
    fill(&mut readers.acquire().await.unwrap(), 11, 30_000).await;
    for ((scope, expected), few_took) in scopes.iter().zip(among_few) {
        let (found, took) = resume(scope).await;
        assert_eq!(found, *expected, "{scope:?}");
        assert!(
            took <= few_took + few_took / 10,
            "{scope:?}: {took} steps among many, and {few_took} among few"
        );
    }
}

//! However many sessions there are, a page is found along an index.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store_testkit::postgres;

use super::*;

/// Enough that reading all of them would be what a database without the indexes does.
const SESSIONS: i32 = 20_000;

const FILL: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active)
    SELECT 'default', 'session-' || number, 1, '{}', 'conversation-' || number / 3, 'customer-' || number / 5,
           CASE number % 3 WHEN 0 THEN 'WEB' WHEN 1 THEN 'VOICE' ELSE 'WHATSAPP' END, number % 50 = 0
    FROM generate_series(1, $1) AS number";

fn filters() -> Vec<Filter> {
    let text = |text: &str| [None, Some(text.to_owned())];
    let mut filters = Vec::new();
    for conversation_id in text("conversation-77") {
        for customer_id in text("customer-77") {
            for channel_type in text("WEB") {
                for active in [None, Some(true), Some(false)] {
                    filters.push(Filter {
                        conversation_id: conversation_id.clone(),
                        customer_id: customer_id.clone(),
                        channel_type: channel_type.clone(),
                        active,
                    });
                }
            }
        }
    }
    filters
}

#[tokio::test]
async fn every_page_is_found_along_an_index_in_its_order() {
    let database = postgres::database().await;
    crate::migrate(database.url()).await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query(FILL).bind(SESSIONS).execute(&mut connection).await.unwrap();
    sqlx::raw_sql("ANALYZE channel_session").execute(&mut connection).await.unwrap();

    for filter in filters() {
        let explain = AssertSqlSafe(format!("EXPLAIN {}", statement(filter.index_choice())));
        let plan: Vec<String> = sqlx::query_scalar(explain)
            .bind("default")
            .bind("session-5")
            .bind(&filter.conversation_id)
            .bind(&filter.customer_id)
            .bind(&filter.channel_type)
            .bind(filter.active)
            .bind(i64::try_from(filter.scan_limit(100).unwrap_or(100)).unwrap())
            .bind(filter.scan_limit(100).is_none())
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("Index Scan") && !plan.contains("Seq Scan"), "{filter:?}:\n{plan}");
        // What is sorted is read to its end first, which only a conversation and a customer are small enough for.
        let is_small = filter.conversation_id.is_some() || filter.customer_id.is_some();
        assert!(is_small || !plan.contains("Sort"), "{filter:?}:\n{plan}");
    }
    // The documents of a page whose ids were found.
    let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {PAGE}")))
        .bind("default")
        .bind(["session-5", "session-77"])
        .bind(None::<&str>)
        .bind(None::<&str>)
        .bind("WEB")
        .bind(true)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{plan}");
}

//! What a read takes does not depend on how much is kept: counted in blocks, over hundreds of thousands of events and
//! sessions, right after they were loaded and before the planner knows anything of them; while somebody's transaction stays
//! open; and again once the planner knows them.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

mod database;
mod retention;

use domain::{
    command::{Command, Create, Existing, Operation},
    event::{Position, Scope},
    list::Filter,
    session::{Revision, TenantId},
    store::Store as _,
    update::Update,
};
use sqlx::{Connection, PgConnection};
use store_testkit::parsed;

use database::{Database, LONG_HISTORY, cluster};

impl Database {
    /// All reads, behind the last event and behind the middle one.
    async fn reads_are_bounded(&mut self, end: &Position, middle: &Position) {
        let tenant = TenantId::only();
        let any = Scope::Any(vec![Scope::Session(parsed::id("s7")), Scope::Conversation("c9".to_owned())]);
        let one = Scope::Session(parsed::id("s20000"));
        let conversation = Scope::Conversation("c9000".to_owned());
        for scope in [&Scope::All, &any, &one, &conversation] {
            self.is_at_most(&format!("an idle poll of {scope:?}"), 60, async |store| {
                let page = store.events(&tenant, scope, end, None, 256).await.unwrap();
                assert!(page.events.is_empty() && page.complete);
            })
            .await;
        }
        self.is_at_most("a page of a resumed watch", 3000, async |store| {
            let page = store.events(&tenant, &Scope::All, middle, None, 100).await.unwrap();
            assert_eq!(page.events.len(), 100);
        })
        .await;
        self.is_at_most("a page up to a position far behind the last", 3000, async |store| {
            let (events, until) = {
                let page = store.events(&tenant, &Scope::All, middle, None, 10).await.unwrap();
                (page.events, page.next)
            };
            let page = store.events(&tenant, &Scope::All, middle, Some(&until), 100).await.unwrap();
            assert_eq!(page.events, events);
        })
        .await;
        self.is_at_most("a resumed watch of one session", 200, async |store| {
            let page = store.events(&tenant, &one, middle, None, 100).await.unwrap();
            assert!((1..10).contains(&page.events.len()) && page.complete, "{}", page.events.len());
        })
        .await;
        self.is_at_most("a resumed watch of a session that changes all the time", 1000, async |store| {
            let hot = Scope::Session(parsed::id("hot"));
            let page = store.events(&tenant, &hot, &self::before(middle, -3700), None, 16).await.unwrap();
            assert_eq!((page.events.len(), page.complete), (16, false));
        })
        .await;
        for (conversation, count, enough) in [("c9000", 15, 600), ("left", 4, 200), ("missing", 0, 60)] {
            let scope = Scope::Conversation(conversation.to_owned());
            self.is_at_most(&format!("a resumed watch of {scope:?}"), enough, async |store| {
                let page = store.events(&tenant, &scope, middle, None, 100).await.unwrap();
                assert_eq!((page.events.len(), page.complete), (count, true), "{scope:?}");
            })
            .await;
        }
        self.is_at_most("a history", 60, async |store| {
            let page = store.history(&tenant, &parsed::id("s500"), None, None, 5).await.unwrap();
            assert_eq!(page.events.len(), 5);
        })
        .await;
        for (key, before, count) in [("often", None, 100), ("seldom", Some(150_000), 0), ("never", None, 0)] {
            self.is_at_most(&format!("a page of {key:?} before {before:?}"), 200, async |store| {
                let before = before.map(Revision::new);
                let page = store.history(&tenant, &parsed::id("long"), Some(key), before, 100).await.unwrap();
                assert_eq!((page.events.len(), page.next.is_some()), (count, true));
            })
            .await;
        }
        self.is_at_most("a look-up", 20, async |store| {
            assert!(store.get(&tenant, vec![parsed::id("s500")]).await.remove(0).is_ok());
        })
        .await;
        let text = |text: &str| Some(text.to_owned());
        for (filter, enough) in [
            (Filter::default(), 200),
            (Filter { conversation_id: text("c77"), ..Filter::default() }, 200),
            (Filter { customer_id: text("u77"), ..Filter::default() }, 200),
            (Filter { channel_type: text("WEB"), ..Filter::default() }, 200),
            (Filter { active: Some(false), ..Filter::default() }, 200),
            (Filter { conversation_id: text("c100"), active: Some(false), ..Filter::default() }, 200),
            // A thousand sessions are scanned, whatever is found.
            (Filter { channel_type: text("WEB"), active: Some(false), ..Filter::default() }, 2000),
        ] {
            self.is_at_most(&format!("a page of {filter:?}"), enough, async |store| {
                let page = store.list(&tenant, &filter, Some(&parsed::id("s2")), 3).await.unwrap();
                assert!(!page.sessions.is_empty());
            })
            .await;
        }
    }

    /// Changes with request ids of their own, and then the same ones again, by a process that does not know of them.
    async fn changes_with_request_ids_are_bounded(&mut self, prefix: &str) {
        let changes =
            || (0..10).map(|number| named(&format!("{prefix}{number}"), number)).collect::<Vec<_>>();
        for is_repeat in [false, true] {
            self.is_at_most("ten changes with request ids", 600, async |store| {
                for result in store.execute(changes()).await {
                    assert_eq!(result.unwrap().replayed, is_repeat);
                }
            })
            .await;
        }
    }
}

/// The position so many transactions before another one, which has none that were under way.
fn before(end: &Position, transactions: i64) -> Position {
    let (rest, xmax) = end.as_str().rsplit_once('~').unwrap();
    let xmax: i64 = xmax.split('.').next().unwrap().parse().unwrap();
    Position::new(format!("{rest}~{}", xmax - transactions))
}

fn update(number: i64) -> Command {
    let attributes = format!(r#"[{{"key":"k","type":"Number","value":{number}}}]"#);
    parsed::command(parsed::id("s7"), Operation::Update(Update::attach(parsed::attributes(&attributes), 10)))
}

/// A change of a session of its own, with a request id.
fn named(request_id: &str, number: i64) -> Command {
    let id = parsed::id(&format!("s{}", 2000 + number));
    Command { id, request_id: Some(parsed::request_id(request_id)), ..update(3000 + number) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_what_they_return_and_a_bounded_rest() {
    reads_are_bounded(false).await;
}

/// The conditions of policies come before those of a statement, unless these cannot leak what they see: an operator
/// that could would use no index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_no_more_with_row_level_security() {
    reads_are_bounded(true).await;
}

async fn reads_are_bounded(row_level_security: bool) {
    let cluster = cluster().await;
    let mut database = Database::load(&cluster, row_level_security).await;
    database.run(LONG_HISTORY).await;

    let store = database.open().await;
    for conversation in ["left", "other"] {
        let id = parsed::id("moved");
        let document = parsed::document(&format!(r#"{{"conversationId":"{conversation}"}}"#));
        let put = Operation::Create(Create { document, existing: Existing::Replace });
        store.execute(vec![parsed::command(id.clone(), put)]).await.remove(0).unwrap();
        for number in 0..3 {
            store.execute(vec![Command { id: id.clone(), ..update(number) }]).await.remove(0).unwrap();
        }
    }
    let end = store.position().await.unwrap();
    let middle = before(&end, 5000);
    // More than is looked at in one step.
    let mut at = before(&end, 9000);
    let mut revisions = Vec::new();
    loop {
        let hot = Scope::Session(parsed::id("hot"));
        let page = store.events(&TenantId::only(), &hot, &at, None, 100).await.unwrap();
        revisions.extend(page.events.iter().map(|(event, _)| event.revision.get()));
        at = page.next;
        if page.complete {
            break;
        }
    }
    assert!(revisions.len() > 2000 && revisions.iter().copied().eq(revisions[0]..=3000), "{revisions:?}");
    store.close().await;
    database.reads_are_bounded(&end, &middle).await;

    // Somebody's transaction that stays open, while others come and go.
    let mut open = PgConnection::connect(&database.admin_url).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id()").execute(&mut open).await.unwrap();
    let store = database.open().await;
    for number in 0..200 {
        store.execute(vec![update(1000 + number)]).await.remove(0).unwrap();
    }
    let later = store.position().await.unwrap();
    store.close().await;
    database.reads_are_bounded(&later, &middle).await;
    // With row-level security, what is in them is read apart from which they are.
    let enough = if row_level_security { 900 } else { 600 };
    database
        .is_at_most("a poll with news", enough, async |store| {
            let page = store.events(&TenantId::only(), &Scope::All, &end, None, 20).await.unwrap();
            assert_eq!(page.events.len(), 20);
        })
        .await;
    database.changes_with_request_ids_are_bounded("before").await;

    database.run("ANALYZE").await;
    let store = database.open().await;
    let later = store.position().await.unwrap();
    store.close().await;
    database.reads_are_bounded(&later, &middle).await;
    database.changes_with_request_ids_are_bounded("after").await;
}

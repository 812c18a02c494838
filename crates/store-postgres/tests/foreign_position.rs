//! A position of another database, such as the one that a backup was made of, is refused and never taken for one behind
//! which there is nothing.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_postgres::{Options, Store, migrate};
use domain::{
    Error,
    event::{Position, Scope},
    session::TenantId,
    store::Store as _,
};
use store_testkit::postgres;

#[tokio::test]
async fn a_position_ahead_of_the_database_is_refused() {
    let database = postgres::database().await;
    migrate(database.url()).await.unwrap();
    let store = Store::open(database.url(), &Options::default()).await.unwrap();
    let now = store.position().await.unwrap();
    let (_, xmax) = now.as_str().rsplit_once('~').unwrap();
    let with = |place: &str| now.as_str().replace(&format!("~{xmax}"), &format!("~{place}"));
    let strange = "p2~00000000000000000000000000000000~3".to_owned();
    for ahead in [with("4000000000"), with("4000000000.7.3"), with("4000000000~4000000000.2"), strange] {
        for until in [None, Some(&now)] {
            let (tenant, after) = (TenantId::only(), Position::new(&*ahead));
            let read = store.events(&tenant, &Scope::All, &after, until, 10).await;
            assert!(matches!(read, Err(Error::PositionExpired)), "{ahead} {until:?}: {read:?}");
        }
    }
}

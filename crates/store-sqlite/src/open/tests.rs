//! Which reads have which connections.

use std::future::pending;

use domain::{
    Error,
    session::{Id, TenantId},
    store::Store as _,
};

use super::*;

#[tokio::test]
async fn as_many_lists_as_there_may_be_leave_readers_to_reads_of_single_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
    migrate(&url).await.unwrap();
    let store = Store::open(&url, &Options::default()).await.unwrap();
    for _ in 0..MAX_LISTS {
        let store = store.clone();
        tokio::spawn(async move {
            let readers = store.readers.clone();
            let slow = async move {
                let _reader = readers.acquire().await.unwrap();
                pending::<Result<(), Error>>().await
            };
            store.reading.run(slow).await
        });
    }
    while store.readers.size() as usize - store.readers.num_idle() < MAX_LISTS {
        tokio::task::yield_now().await;
    }
    let read = store.get(&TenantId::only(), vec![Id::parse("a").unwrap()]).await;
    assert!(matches!(&*read, [Err(Error::NotFound(_))]), "{read:?}");
}

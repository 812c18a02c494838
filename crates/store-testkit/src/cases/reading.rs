//! Reading events: in pages, and while others write.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{command::Existing, event::Scope, session::TenantId, store::Store};
use tokio::task::JoinSet;

use super::{
    reader::{Reader, Summary, behind, change_each, in_order, summary},
    requests,
    tasks::all_end,
};

pub async fn pages_of_any_size_give_each_event_once(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, "{}").await;
    change_each(store, &ids, 0..6).await;
    let all: BTreeSet<_> = behind(store, Scope::All, &start).await.into_iter().collect();
    assert_eq!(all.len(), 21);
    for limit in [1, 2, 5, 20, 21, 22, usize::MAX] {
        let events = Reader::from(store, Scope::All, start.clone()).limited(limit).events().await;
        assert_eq!(events.len(), 21, "in pages of {limit}");
        assert_eq!(summary(&events).into_iter().collect::<BTreeSet<_>>(), all, "in pages of {limit}");
        let of_one = Scope::Session(ids[1].clone());
        let events = Reader::from(store, of_one, start.clone()).limited(limit).events().await;
        let expected: Vec<_> = (1..=7).map(|revision| (ids[1].as_str().to_owned(), revision)).collect();
        assert_eq!(summary(&events), expected, "in pages of {limit}");
    }
}

pub async fn one_call_with_many_changes_is_read_in_pages_too(store: &Arc<dyn Store>) {
    let ids = requests::ids(40);
    for limit in [1, 7, 300] {
        let mut reader = Reader::from_now(store, Scope::All).await.limited(limit);
        let commands: Vec<_> = (0..3)
            .flat_map(|round| {
                ids.iter().map(move |id| {
                    requests::creation_or(
                        Existing::Replace,
                        id,
                        &format!(r#"{{"n":{}}}"#, limit * 10 + round),
                    )
                })
            })
            .collect();
        for result in store.execute(commands).await {
            assert!(result.expect("each is made").changed);
        }
        let received: BTreeSet<_> = summary(&reader.events().await).into_iter().collect();
        assert_eq!(received.len(), 120, "in pages of {limit}");
    }
}

pub async fn a_reader_hears_every_change_of_many_writers_once(store: &Arc<dyn Store>) {
    const WRITERS: usize = 8;
    const EACH: usize = 20;
    let ids = requests::ids(4);
    let start = store.position().await.expect("the store answers");
    requests::create_all(&**store, &ids, "{}").await;
    let mut writing = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, ids) = (store.clone(), ids.clone());
        writing.spawn(async move {
            let mut made = Vec::new();
            for round in 0..EACH {
                // Each writer goes about the sessions in another order, sometimes about two at once.
                let first = &ids[(writer + round) % 4];
                let second = &ids[(writer * 3 + round + 1) % 4];
                let attributes = requests::one("a", writer * EACH + round);
                let count = if round % 3 == 0 { 2 } else { 1 };
                let commands: Vec<_> = [first, second]
                    .into_iter()
                    .take(count)
                    .map(|id| requests::update(id, &attributes))
                    .collect();
                let asked: Vec<_> = commands.iter().map(|command| command.id.as_str().to_owned()).collect();
                for (id, result) in asked.into_iter().zip(store.execute(commands).await) {
                    let changed = result.expect("each is made");
                    if changed.changed {
                        made.push((id, changed.revision.get()));
                    }
                }
                tokio::task::yield_now().await;
            }
            made
        });
    }
    let mut acknowledged: Vec<Summary> = ids.iter().map(|id| (id.as_str().to_owned(), 1)).collect();
    let mut reader = Reader::from(store, Scope::All, start.clone()).limited(7);
    let mut received = Vec::new();
    while !writing.is_empty() {
        reader.page(None, &mut received).await;
        while let Some(made) = writing.try_join_next() {
            acknowledged.extend(made.expect("the writer has ended well"));
        }
        tokio::task::yield_now().await;
    }
    received.extend(reader.positions().await);
    in_order(received.iter().map(|(event, _)| event));
    acknowledged.sort();
    let mut once = summary(received.iter().map(|(event, _)| event));
    once.sort();
    assert_eq!(once, acknowledged);

    // From any of its positions on, another reader hears the rest.
    for from in [0, 1, received.len() / 3, received.len() / 2, received.len() - 1] {
        let mut rest = behind(store, Scope::All, &received[from].1).await;
        let mut expected = summary(received[from + 1..].iter().map(|(event, _)| event));
        rest.sort();
        expected.sort();
        assert_eq!(rest, expected, "behind the event {from}");
    }
}

pub async fn readers_that_come_while_much_happens_miss_nothing_from_then_on(store: &Arc<dyn Store>) {
    const WRITERS: usize = 4;
    const EACH: usize = 25;
    let ids = requests::ids(WRITERS);
    requests::create_all(&**store, &ids, "{}").await;
    let acknowledged: Arc<Vec<_>> = Arc::new(ids.iter().map(|_| AtomicI64::new(1)).collect());
    let mut writing = JoinSet::new();
    for (at, id) in ids.iter().cloned().enumerate() {
        let (store, acknowledged) = (store.clone(), acknowledged.clone());
        writing.spawn(async move {
            for round in 0..EACH {
                let made = requests::made(&*store, requests::update(&id, &requests::one("a", round))).await;
                acknowledged[at].store(made.revision.get(), Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        });
    }
    let mut readers = Vec::new();
    for _ in 0..20 {
        let old: Vec<_> = acknowledged.iter().map(|revision| revision.load(Ordering::SeqCst)).collect();
        let reader = Reader::from_now(store, Scope::All).await;
        let stood = store.get(&TenantId::only(), ids.clone()).await;
        let stood: Vec<_> =
            stood.into_iter().map(|found| found.expect("it is there").revision.get()).collect();
        readers.push((old, stood, reader));
        tokio::task::yield_now().await;
    }
    all_end(writing).await;
    let last = EACH as i64 + 1;
    for (old, stood, mut reader) in readers {
        let events = reader.events().await;
        for (id, (old, stood)) in ids.iter().zip(old.into_iter().zip(stood)) {
            let received: Vec<_> = events
                .iter()
                .filter(|event| event.session_id == *id)
                .map(|event| event.revision.get())
                .collect();
            let first = received.first().copied().unwrap_or(last + 1);
            assert_eq!(received, (first..=last).collect::<Vec<_>>());
            assert!(first > old, "{first} had been acknowledged before the reader came");
            // Whoever then gets the session, and goes on with what it hears, misses nothing.
            assert!(first <= stood + 1, "{first} is the first that was received behind {stood}");
        }
    }
}

pub async fn many_readers_hear_the_same(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    let start = store.position().await.expect("the store answers");
    requests::create_all(&**store, &ids, "{}").await;
    change_each(store, &ids, 0..10).await;
    let mut reading = JoinSet::new();
    for limit in 1..=16 {
        let (store, start) = (store.clone(), start.clone());
        reading.spawn(
            async move { Reader::from(&store, Scope::All, start).limited(limit).events().await.len() },
        );
    }
    assert_eq!(all_end(reading).await, [33; 16]);
}

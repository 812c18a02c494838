//! A batch of changes, and in which round each of them gets its result.

use super::*;

fn named(id: &str, operation: Operation) -> Change {
    Change::new(Id::parse(id).expect("an id"), operation)
}

fn creation() -> Operation {
    let document = crate::session::document("{}");
    Operation::Create(Create { document, existing: Existing::Refuse })
}

fn states(keys: &[Key<'_>]) -> Vec<Result<Working, Error>> {
    keys.iter().map(|&(tenant, id)| Ok(Working::missing(tenant.clone(), id.clone()))).collect()
}

#[test]
fn sessions_are_open_once_and_in_order_and_what_is_not_written_stays_open() {
    let changes = ["b", "a", "b"].map(|id| named(id, creation()));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    assert_eq!(keys.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let parts = batch.decide(states(&keys));
    assert_eq!(parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let written = parts.into_iter().find(|part| part.id.as_str() == "a").expect("it is there");
    batch.written(written);

    let keys = batch.open().expect("the other one is open still");
    assert_eq!(keys.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(batch.open_changes().count(), 2);
    for part in batch.decide(states(&keys)) {
        batch.written(part);
    }
    assert!(batch.open().is_none());
    let results = batch.into_results();
    assert!(results[0].is_ok() && results[1].is_ok(), "{results:?}");
    assert!(matches!(results[2], Err(Error::Exists(_))), "{results:?}");
}

#[test]
fn what_comes_behind_a_deletion_begins_anew() {
    let changes = [creation(), Operation::Delete(Delete::default()), creation()].map(|it| named("a", it));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    for part in batch.decide(states(&keys)) {
        batch.written(part);
    }
    assert_eq!(batch.open().expect("the last one is open").len(), 1);
    assert_eq!(batch.open_changes().count(), 1);
}

#[test]
fn what_cannot_be_read_or_written_is_told_to_its_callers_alone() {
    let changes = ["a", "b", "c"].map(|id| named(id, creation()));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    let mut states = states(&keys);
    states[0] = Err(Error::Internal("unreadable".into()));
    for part in batch.decide(states) {
        if part.id.as_str() == "b" {
            batch.refused(part, &Error::Internal("not taken".into()));
        }
    }
    assert_eq!(batch.open().expect("the last one is open").len(), 1);
    batch.failed(&Error::Overloaded);
    let results = batch.into_results();
    assert!(matches!(
        results[..],
        [Err(Error::Internal(_)), Err(Error::Internal(_)), Err(Error::Overloaded)]
    ));
}

#[test]
fn a_batch_that_is_never_written_ends() {
    let changes = [named("a", creation())];
    let mut batch = Batch::new(&changes);
    let mut rounds = 0;
    while let Some(keys) = batch.open() {
        drop(batch.decide(states(&keys)));
        rounds += 1;
    }
    assert!(rounds > 10);
    assert!(matches!(batch.into_results()[..], [Err(Error::Overloaded)]));
}

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

/// Has the open sessions, of which nothing is stored, decided and written.
fn write_all(batch: &mut Batch<'_>, keys: &[Key<'_>]) {
    let parts = batch.decide(states(keys));
    let written = vec![true; parts.len()];
    batch.written(parts, &written);
}

#[test]
fn sessions_are_open_once_and_in_order_and_what_is_not_written_stays_open() {
    let changes = ["b", "a", "b"].map(|id| named(id, creation()));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    assert_eq!(keys.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let parts = batch.decide(states(&keys));
    assert_eq!(parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    batch.written(parts, &[true, false]);

    let keys = batch.open().expect("the other one is open still");
    assert_eq!(keys.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(batch.open_changes().count(), 2);
    write_all(&mut batch, &keys);
    assert!(batch.open().is_none());
    let results = results(batch);
    assert!(results[0].is_ok() && results[1].is_ok(), "{results:?}");
    assert!(matches!(results[2], Err(Error::Exists(_))), "{results:?}");
}

#[test]
fn what_comes_behind_a_deletion_begins_anew() {
    let changes = [creation(), Operation::Delete(Delete::default()), creation()].map(|it| named("a", it));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    write_all(&mut batch, &keys);
    assert_eq!(batch.open().expect("the last one is open").len(), 1);
    assert_eq!(batch.open_changes().count(), 1);
}

#[test]
fn what_cannot_be_read_is_told_to_its_callers_alone() {
    let changes = ["a", "b"].map(|id| named(id, creation()));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    let mut states = states(&keys);
    states[0] = Err(Error::Internal("unreadable".into()));
    assert_eq!(batch.decide(states).len(), 1);
    assert_eq!(batch.open().expect("the other one is open").len(), 1);
    batch.failed(&Error::Overloaded);
    let results = results(batch);
    assert!(matches!(results[..], [Err(Error::Internal(_)), Err(Error::Overloaded)]), "{results:?}");
}

/// Of eight sessions the store does not take one. Returns whether what was refused is open still, and all results.
fn with_one_that_is_refused(refusal: &Refusal) -> (bool, Vec<Result<Changed, Error>>) {
    let changes = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|id| named(id, creation()));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    let mut todo = vec![batch.decide(states(&keys))];
    while let Some(parts) = todo.pop() {
        if parts.iter().any(|part| part.id.as_str() == "f") {
            todo.extend(batch.refused(parts, refusal));
        } else {
            let written = vec![true; parts.len()];
            batch.written(parts, &written);
        }
    }
    let open = batch.open_changes().map(|change| change.id.as_str()).collect::<Vec<_>>() == ["f"];
    (open, results(batch))
}

#[test]
fn what_a_store_refuses_is_refused_alone() {
    for (refusal, stays_open) in
        [(Refusal::Error(Error::Internal("not taken".into())), false), (Refusal::Conflict, true)]
    {
        let (open, results) = with_one_that_is_refused(&refusal);
        assert_eq!(open, stays_open, "{refusal:?}");
        for (at, result) in results.iter().enumerate() {
            assert_eq!(result.is_ok(), at != 5, "{refusal:?}: {at}");
        }
    }
}

#[test]
fn a_store_that_is_away_is_not_asked_for_halves() {
    let (open, results) = with_one_that_is_refused(&Refusal::Error(Error::Overloaded));
    assert!(!open);
    assert!(results.iter().all(|result| matches!(result, Err(Error::Overloaded))), "{results:?}");
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
    assert!(matches!(results(batch)[..], [Err(Error::Overloaded)]));
}

/// None of these batches is blocked.
fn results(batch: Batch<'_>) -> Vec<Result<Changed, Error>> {
    batch.into_results().into_iter().map(|result| result.expect("it is not blocked")).collect()
}

#[test]
fn what_is_blocked_is_left_as_it_is_and_the_rest_goes_on() {
    let changes = ["a", "b", "a"].map(|id| named(id, creation()));
    let mut batch = Batch::new(&changes);
    let keys = batch.open().expect("everything is open");
    let mut parts = batch.decide(states(&keys));
    let free = parts.split_off(1);
    batch.blocked(&parts);
    batch.written(free, &[true]);
    assert!(batch.open().is_none());
    let results = batch.into_results();
    assert!(matches!(results[..], [None, Some(Ok(_)), None]), "{results:?}");
}

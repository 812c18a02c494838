//! A batch of commands, and in which round each of them gets its result.

use super::*;

fn named(id: &str, operation: Operation) -> Command {
    crate::command(Id::parse(id).expect("an id"), operation)
}

fn creation() -> Operation {
    let document = crate::session::document("{}");
    Operation::Create(Create { document, existing: Existing::Refuse })
}

fn states(open: &Open<'_>) -> Vec<Result<SessionState, Error>> {
    open.keys().map(|&(tenant, id)| Ok(SessionState::missing(tenant.clone(), id.clone()))).collect()
}

fn ids<'a>(open: &Open<'a>) -> Vec<&'a str> {
    open.keys().map(|(_, id)| id.as_str()).collect()
}

/// Has the open sessions, of which nothing is stored, decided and written.
fn write_all<'a>(batch: &mut Batch<'a>, open: Open<'a>) {
    let states = states(&open);
    let writes = batch.decide(open, states);
    let written = vec![true; writes.len()];
    batch.commit(writes, &written);
}

#[test]
fn sessions_are_open_once_and_in_order_and_what_is_not_written_stays_open() {
    let commands = ["b", "a", "b"].map(|id| named(id, creation()));
    let cache = SessionCache::new(0);
    let mut batch = Batch::new(&commands, &cache);
    let open = batch.next_round().expect("everything is open");
    assert_eq!(ids(&open), ["a", "b"]);
    let states = states(&open);
    let writes = batch.decide(open, states);
    assert_eq!(writes.iter().map(|write| write.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    batch.commit(writes, &[true, false]);

    let open = batch.next_round().expect("the other one is open still");
    assert_eq!(ids(&open), ["b"]);
    assert_eq!(open.values().flatten().count(), 2);
    write_all(&mut batch, open);
    assert!(batch.next_round().is_none());
    let results = results(batch);
    assert!(results[0].is_ok() && results[1].is_ok(), "{results:?}");
    assert!(matches!(results[2], Err(Error::Exists(_))), "{results:?}");
}

#[test]
fn what_comes_behind_a_deletion_begins_again() {
    let commands = [creation(), Operation::Delete(Delete::default()), creation()].map(|it| named("a", it));
    let cache = SessionCache::new(0);
    let mut batch = Batch::new(&commands, &cache);
    let open = batch.next_round().expect("everything is open");
    write_all(&mut batch, open);
    let open = batch.next_round().expect("the last one is open");
    assert_eq!(open.into_values().collect::<Vec<_>>(), [[2]]);
}

#[test]
fn what_cannot_be_read_is_told_to_its_callers_alone() {
    let commands = ["a", "b"].map(|id| named(id, creation()));
    let cache = SessionCache::new(0);
    let mut batch = Batch::new(&commands, &cache);
    let open = batch.next_round().expect("everything is open");
    let mut states = states(&open);
    states[0] = Err(Error::Internal("unreadable".into()));
    assert_eq!(batch.decide(open, states).len(), 1);
    assert_eq!(batch.next_round().expect("the other one is open").len(), 1);
    batch.fail(&Error::Overloaded);
    let results = results(batch);
    assert!(matches!(results[..], [Err(Error::Internal(_)), Err(Error::Overloaded)]), "{results:?}");
}

/// Of eight sessions the store does not take one. Returns whether what was refused is open still, and all results.
fn with_one_that_is_refused(refusal: fn() -> Refusal) -> (bool, Vec<Result<CommandResult, Error>>) {
    let commands = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|id| named(id, creation()));
    let cache = SessionCache::new(0);
    let mut batch = Batch::new(&commands, &cache);
    let open = batch.next_round().expect("everything is open");
    let states = states(&open);
    let mut todo = vec![batch.decide(open, states)];
    while let Some(writes) = todo.pop() {
        if writes.iter().any(|write| write.id.as_str() == "f") {
            todo.extend(batch.split_or_fail(writes, refusal()));
        } else {
            let written = vec![true; writes.len()];
            batch.commit(writes, &written);
        }
    }
    let is_open = batch.next_round().is_some_and(|open| ids(&open) == ["f"]);
    (is_open, results(batch))
}

#[test]
fn what_a_store_refuses_is_refused_alone() {
    let refusals: [(fn() -> Refusal, bool); 2] =
        [(|| Refusal::Error(Error::Internal("not taken".into())), false), (|| Refusal::Conflict, true)];
    for (refusal, stays_open) in refusals {
        let (open, results) = with_one_that_is_refused(refusal);
        assert_eq!(open, stays_open, "{:?}", refusal());
        for (index, result) in results.iter().enumerate() {
            assert_eq!(result.is_ok(), index != 5, "{:?}: {index}", refusal());
        }
    }
}

#[test]
fn a_store_that_is_unavailable_is_not_asked_for_halves() {
    let (open, results) = with_one_that_is_refused(|| Refusal::Error(Error::Overloaded));
    assert!(!open);
    assert!(results.iter().all(|result| matches!(result, Err(Error::Overloaded))), "{results:?}");
}

#[test]
fn a_batch_that_is_never_written_ends() {
    let commands = [named("a", creation())];
    let cache = SessionCache::new(0);
    let mut batch = Batch::new(&commands, &cache);
    let mut rounds = 0;
    while let Some(open) = batch.next_round() {
        let states = states(&open);
        drop(batch.decide(open, states));
        rounds += 1;
    }
    assert!(rounds > 10);
    assert!(matches!(results(batch)[..], [Err(Error::Overloaded)]));
}

/// None of these batches is blocked.
fn results(batch: Batch<'_>) -> Vec<Result<CommandResult, Error>> {
    batch.into_results().into_iter().map(|result| result.expect("it is not blocked")).collect()
}

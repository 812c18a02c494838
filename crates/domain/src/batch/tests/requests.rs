//! Request ids: applied once, answered as the first time.

use super::*;

#[test]
fn a_repeat_is_answered_as_the_first_time_whatever_happened_since() {
    let mut session = stored(ACTIVE);
    let command = at(10, named("r", number("k", 1)));
    let first = answered(session.apply(&command));
    assert_eq!(first, (true, 6, Some(literal(&with("k", 1)))));
    session.apply(&number("k", 2)).expect("allowed");
    session.apply(&end()).expect("allowed");
    assert_eq!(answered(session.apply(&at(99, command.clone()))), first);
    assert_eq!(answered(session.apply(&to_validate(command))), first);
    let write = session.into_write().expect("something changed");
    assert_eq!(write.revision.get(), 8);
    assert_eq!(write.idempotency_records.len(), 1);
}

#[test]
fn what_is_kept_of_a_request_answers_it_again_after_a_restart() {
    let command = at(10, named("r", number("k", 1)));
    let mut session = stored(ACTIVE);
    session.apply(&command).expect("allowed");
    let write = session.into_write().expect("something changed");
    let [record] = &*write.idempotency_records else { panic!("{:?}", write.idempotency_records) };
    assert_eq!((record.request_id.as_str(), record.revision.get(), record.changed), ("r", 6, true));
    assert_eq!((&record.digest, record.at.millis()), (&command.digest(), 10));
    assert_eq!(literal(&record.document), literal(&with("k", 1)));

    let mut session = stored(&with("k", 7));
    session.add_stored_record(record.clone());
    assert_eq!(answered(session.apply(&command)), (true, 6, Some(literal(&with("k", 1)))));
    let reused = session.apply(&named("r", number("k", 2)));
    assert!(matches!(reused, Err(Error::RequestIdReused(_))), "{reused:?}");
    assert!(session.into_write().is_none(), "a repeat has nothing to write");
}

#[test]
fn a_request_that_changed_nothing_is_kept_without_a_revision() {
    let mut session = stored(&with("k", 1));
    assert_eq!(
        answered(session.apply(&at(20, named("r", number("k", 1))))),
        (false, 5, Some(literal(&with("k", 1))))
    );
    session.apply(&number("k", 2)).expect("allowed");
    assert_eq!(
        answered(session.apply(&named("r", number("k", 1)))),
        (false, 5, Some(literal(&with("k", 1))))
    );

    let mut session = stored(ENDED);
    session.apply(&at(20, named("r", create("{}", Existing::Keep)))).expect("allowed");
    let write = session.into_write().expect("the request is to be kept");
    assert_eq!(
        (write.expected, write.revision, write.ended),
        (Revision::new(5), Revision::new(5), Ended::AsStored)
    );
    assert_eq!((write.events.len(), write.idempotency_records.len(), write.erase), (0, 1, false));
    assert_eq!(write.document.as_deref(), Some(ENDED));
    assert_eq!(write.indexed_fields.map(|fields| fields.active), Some(false));
}

#[test]
fn a_request_that_was_refused_or_validated_may_come_again() {
    let mut session = stored(ACTIVE);
    assert!(session.apply(&requiring("\"4\"", named("r", number("k", 1)))).is_err());
    session.apply(&to_validate(named("r", number("k", 2)))).expect("allowed");
    assert_eq!(answered(session.apply(&named("r", number("k", 3)))), (true, 6, Some(literal(&with("k", 3)))));
}

#[test]
fn requests_of_a_session_that_was_deleted_are_forgotten() {
    let command = named("r", create("{}", Existing::Refuse));
    let mut session = missing();
    assert_eq!(answered(session.apply(&command)).1, 1);
    assert_eq!(answered(session.apply(&command)).1, 1, "a repeat, not refused as existing");
    session.apply(&delete(false)).expect("allowed");
    assert_eq!(answered(session.apply(&command)), (true, 3, Some(literal("{}"))));

    let write = session.into_write().expect("something changed");
    let [record] = &*write.idempotency_records else { panic!("{:?}", write.idempotency_records) };
    let mut session = stored(ACTIVE);
    session.add_stored_record(record.clone());
    session.apply(&delete(false)).expect("allowed");
    assert_eq!(answered(session.apply(&command)), (true, 7, Some(literal("{}"))));
    assert_eq!(
        answered(session.apply(&command)).1,
        7,
        "a repeat of the new session's request, not of the old one's"
    );

    let mut session = deleted();
    session.add_stored_record(record.clone());
    let refused = session.apply(&named("r", number("k", 1)));
    assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
}

#[test]
fn different_requests_are_different_changes() {
    let mut session = stored(ACTIVE);
    assert!(answered(session.apply(&named("a", number("k", 1)))).0);
    assert!(answered(session.apply(&named("A", number("k", 2)))).0);
    let write = session.into_write().expect("something changed");
    assert_eq!(write.idempotency_records.len(), 2);
}

//! Why a command is refused, and which of several reasons answers.

use super::*;
use crate::{
    Reason,
    precondition::{Expected, Precondition},
};

/// The reason why a command is refused; also that nothing has changed.
fn refused(mut session: SessionState, command: &Command) -> Reason {
    let reason = session.apply(command).expect_err("the command is to be refused").reason();
    assert!(session.into_write().is_none(), "what was refused is not written: {command:?}");
    reason
}

/// An update that is refused for its preconditions, and without them for the limit.
fn hopeless() -> Update {
    let attributes: Vec<_> =
        (0..=LIMIT).map(|at| format!(r#"{{"key":"{at}","type":"Number","value":1}}"#)).collect();
    let precondition = Precondition { key: "k".to_owned(), expected: Expected::Value(Value::Null) };
    Update { preconditions: vec![precondition], ..attach(&format!("[{}]", attributes.join(","))) }
}

#[test]
fn a_session_that_is_missing_has_nothing_to_change() {
    for session in [missing(), deleted()] {
        for command in [
            number("k", 1),
            update("[]"),
            end(),
            delete(false),
            requiring("*", number("k", 1)),
            // No revision can be met by a session that is not there.
            requiring("*", create("{}", Existing::Keep)),
            requiring("\"5\"", create("{}", Existing::Refuse)),
        ] {
            assert_eq!(refused(session.clone(), &command), Reason::ChannelSessionNotFound, "{command:?}");
        }
    }
}

#[test]
fn each_reason_gives_way_to_those_before_it() {
    let malformed = r#"{"channelData":5}"#;
    let update = |update| crate::command(id(), Operation::Update(update));
    let without_preconditions = || Update { preconditions: Vec::new(), ..hopeless() };
    for (document, command, reason) in [
        (ENDED, requiring("\"4\"", update(hopeless())), Reason::ChannelSessionNotActive),
        (malformed, requiring("\"4\"", update(hopeless())), Reason::RevisionMismatch),
        (malformed, requiring("\"5\"", update(hopeless())), Reason::ChannelDataMalformed),
        (ACTIVE, requiring("\"5\"", update(hopeless())), Reason::AttributeMismatch),
        (ACTIVE, requiring("\"5\"", update(without_preconditions())), Reason::TooManyAttributes),
        (ENDED, requiring("\"4\"", end()), Reason::ChannelSessionNotActive),
        (ACTIVE, requiring("\"4\"", end()), Reason::RevisionMismatch),
        (ENDED, requiring("\"4\"", delete(true)), Reason::RevisionMismatch),
        (ACTIVE, requiring("\"4\"", create("{}", Existing::Refuse)), Reason::ChannelSessionExists),
        (ACTIVE, requiring("\"5\"", create("{}", Existing::Refuse)), Reason::ChannelSessionExists),
        (ENDED, requiring("\"4\"", create("{}", Existing::Keep)), Reason::RevisionMismatch),
        (ENDED, requiring("\"4\"", create(ENDED, Existing::Replace)), Reason::RevisionMismatch),
        (ENDED, update(attach("[]")), Reason::ChannelSessionNotActive),
        (ACTIVE, requiring("W/\"5\"", update(attach("[]"))), Reason::RevisionMismatch),
    ] {
        assert_eq!(refused(stored(document), &command), reason, "{document} {command:?}");
        assert_eq!(refused(stored(document), &to_validate(command)), reason, "validated: {document}");
    }
}

#[test]
fn a_request_id_that_is_reused_answers_before_all_but_existence() {
    let mut session = stored(ACTIVE);
    session.apply(&named("r", end())).expect("allowed");
    let reused = requiring("\"4\"", named("r", number("k", 1)));
    assert!(matches!(session.apply(&reused), Err(Error::RequestIdReused(id)) if id.as_str() == "r"));
    let reused = named("r", create("{}", Existing::Refuse));
    assert!(matches!(session.apply(&reused), Err(Error::RequestIdReused(_))));
    session.apply(&delete(false)).expect("allowed");
    assert!(matches!(session.apply(&named("r", number("k", 1))), Err(Error::NotFound(_))));
}

#[test]
fn mismatches_say_what_the_session_is() {
    let mut session = stored(&with("k", 1));
    let refused = session.apply(&requiring("\"3\", \"4\"", number("k", 2)));
    assert!(matches!(refused, Err(Error::RevisionMismatch { revision }) if revision.get() == 5));
    session.apply(&number("k", 2)).expect("allowed");
    let precondition = Precondition { key: "k".to_owned(), expected: Expected::Absent };
    let update = Update { preconditions: vec![precondition], ..attach("[]") };
    let Err(Error::AttributeMismatch(present)) =
        session.apply(&crate::command(id(), Operation::Update(update)))
    else {
        panic!("the attribute is there");
    };
    assert_eq!((present.revision.get(), &*present.key), (6, "k"));
    assert_eq!(present.entry.and_then(|entry| entry.value), Some(literal("2")));
}

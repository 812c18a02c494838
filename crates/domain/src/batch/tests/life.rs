//! What each operation makes of a session, and what is to be written of it.

use super::*;

#[test]
fn an_update_is_the_next_revision_and_one_event() {
    let mut session = stored(ACTIVE);
    let after = with("k", 1);
    assert_eq!(answered(session.apply(&at(30, number("k", 1)))), (true, 6, Some(literal(&after))));
    let write = session.into_write().expect("something changed");
    assert_eq!((write.expected.get(), write.revision.get(), write.erase), (5, 6, false));
    assert_eq!(write.document.as_deref().map(literal), Some(literal(&after)));
    assert_eq!(write.indexed_fields.as_ref().and_then(|fields| fields.conversation_id.as_deref()), Some("c"));
    assert_eq!((write.ended, write.index_changed), (Ended::AsStored, false));
    assert!(write.idempotency_records.is_empty());
    assert_eq!(names(&write), [(6, Name::DataUpdated)]);
}

#[test]
fn whatever_is_found_otherwise_than_before_is_known_to_be() {
    let replace = |document: &str| create(document, Existing::Replace);
    let other = r#"{"conversationId":"other"}"#;
    for (commands, mut session) in [
        (vec![replace(ACTIVE)], missing()),
        (vec![replace(ACTIVE)], deleted()),
        (vec![replace(other)], stored(ACTIVE)),
        (vec![replace(other), replace(&with("k", 1))], stored(ACTIVE)),
        (vec![number("k", 1), end()], stored(ACTIVE)),
        (vec![delete(false)], stored(ACTIVE)),
    ] {
        for command in &commands {
            session.apply(command).expect("allowed");
        }
        assert!(session.into_write().expect("something changed").index_changed, "{commands:?}");
    }
}

#[test]
fn what_changes_nothing_is_answered_and_not_written() {
    let document = with("k", 1);
    let mut session = stored(&document);
    for command in
        [number("k", 1), update("[]"), create("{}", Existing::Keep), create(&document, Existing::Replace)]
    {
        assert_eq!(answered(session.apply(&command)), (false, 5, Some(literal(&document))), "{command:?}");
    }
    assert!(session.into_write().is_none());
}

#[test]
fn a_batch_is_written_as_one_and_each_change_sees_the_one_before_it() {
    let mut session = stored(ACTIVE);
    assert_eq!(answered(session.apply(&at(10, number("k", 1)))), (true, 6, Some(literal(&with("k", 1)))));
    assert_eq!(answered(session.apply(&at(20, number("k", 2)))), (true, 7, Some(literal(&with("k", 2)))));
    assert!(session.apply(&requiring("\"5\"", number("k", 3))).is_err());
    assert!(!answered(session.apply(&at(30, number("k", 2)))).0);
    let write = session.into_write().expect("something changed");
    assert_eq!((write.expected.get(), write.revision.get()), (5, 7));
    assert_eq!(names(&write), [(6, Name::DataUpdated), (7, Name::DataUpdated)]);
    assert_eq!(write.document.as_deref().map(literal), Some(literal(&with("k", 2))));
}

#[test]
fn a_session_has_ended_when_it_last_stopped_being_active() {
    let inactive = r#"{"isActive":false,"other":1}"#;
    let ended = |commands: &[Command], mut session: SessionState| {
        for command in commands {
            session.apply(command).expect("allowed");
        }
        session.into_write().expect("something changed").ended
    };
    let since = |millis| Ended::At(Some(crate::time::Timestamp::from_millis(millis)));
    let replace = |document| create(document, Existing::Replace);
    assert_eq!(ended(&[at(10, replace(inactive))], missing()), since(10));
    assert_eq!(ended(&[at(10, replace(inactive)), at(20, replace(ENDED))], stored(ACTIVE)), since(10));
    assert_eq!(ended(&[at(10, replace(inactive))], stored(ENDED)), Ended::AsStored);
    assert_eq!(ended(&[at(10, replace(ACTIVE))], stored(ENDED)), Ended::At(None));
    assert_eq!(ended(&[at(10, replace(ACTIVE)), at(20, replace(inactive))], stored(ENDED)), since(20));
}

#[test]
fn a_creation_begins_with_revision_one_and_goes_on_where_a_deletion_left_off() {
    for (mut session, revision) in [(missing(), 1), (deleted(), 6)] {
        let command = create(&with("k", 1), Existing::Refuse);
        assert_eq!(answered(session.apply(&command)), (true, revision, Some(literal(&with("k", 1)))));
        let write = session.into_write().expect("something changed");
        assert_eq!((write.expected.get(), write.revision.get()), (revision - 1, revision));
        assert_eq!(names(&write), [(revision, Name::Started)]);
        let [EventWrite { event, before: None, left_conversation_id: None, .. }] = &*write.events else {
            panic!("one event")
        };
        let changes: Vec<_> =
            event.changes.iter().map(|change| (&*change.key, change.old.is_none())).collect();
        assert_eq!(changes, [("k", true)]);
        assert!(!write.erase);
    }
}

#[test]
fn a_creation_stores_where_nothing_is_whatever_it_says_of_what_is_there() {
    for existing in [Existing::Refuse, Existing::Keep, Existing::Replace] {
        assert_eq!(answered(missing().apply(&create("{}", existing))), (true, 1, Some(literal("{}"))));
    }
}

#[test]
fn a_document_in_the_place_of_another_is_an_event_by_what_becomes_of_the_session() {
    for (before, after, name) in [
        (ACTIVE, r#"{"a":1}"#, Name::DataUpdated),
        (ACTIVE, ENDED, Name::Ended),
        (ENDED, ACTIVE, Name::Started),
        (ENDED, r#"{"isActive":false,"a":1}"#, Name::DataUpdated),
    ] {
        let mut session = stored(before);
        assert_eq!(
            answered(session.apply(&create(after, Existing::Replace))),
            (true, 6, Some(literal(after)))
        );
        assert_eq!(names(&session.into_write().expect("something changed")), [(6, name)], "{after}");
    }
}

#[test]
fn a_replacement_differs_by_the_text_of_its_numbers_and_not_by_its_order() {
    let mut session = stored(r#"{"a":0.1,"b":2}"#);
    assert!(!answered(session.apply(&create(r#"{"b":2,"a":0.1}"#, Existing::Replace))).0);
    assert!(answered(session.apply(&create(r#"{"b":2,"a":0.10}"#, Existing::Replace))).0);
}

#[test]
fn an_end_makes_a_session_inactive_once() {
    let mut session = stored(ACTIVE);
    let after = r#"{"conversationId":"c","isActive":false,"state":{"name":"ENDED","reasonCode":"AGENT"}}"#;
    assert_eq!(answered(session.apply(&end())), (true, 6, Some(literal(after))));
    assert!(matches!(session.apply(&end()), Err(Error::NotActive(_))));
    assert!(matches!(session.apply(&number("k", 1)), Err(Error::NotActive(_))));
    let write = session.into_write().expect("something changed");
    assert_eq!(names(&write), [(6, Name::Ended)]);
    assert_eq!(write.indexed_fields.map(|fields| fields.active), Some(false));
}

#[test]
fn a_deletion_leaves_a_revision_and_an_event_that_holds_nothing_else() {
    for document in [ACTIVE, ENDED] {
        let mut session = stored(document);
        assert_eq!(answered(session.apply(&named("r", delete(false)))), (true, 6, None));
        let write = session.into_write().expect("something changed");
        assert_eq!((write.expected.get(), write.revision.get(), write.erase), (5, 6, true));
        assert_eq!((write.document, write.indexed_fields), (None, None));
        assert!(write.idempotency_records.is_empty());
        let [EventWrite { event, before: None, left_conversation_id: None, document_bytes: 0 }] =
            &*write.events
        else {
            panic!("{:?}", write.events)
        };
        assert_eq!((event.name, event.revision.get()), (Name::Deleted, 6));
        assert_eq!((&event.conversation_id, &event.request_id, &event.document), (&None, &None, &None));
        assert!(event.changes.is_empty());
    }
}

#[test]
fn a_deletion_takes_with_it_what_the_batch_was_about_to_keep() {
    let mut session = stored(ACTIVE);
    session.apply(&named("r", number("k", 1))).expect("allowed");
    session.apply(&delete(false)).expect("allowed");
    assert_eq!(answered(session.apply(&delete(true))), (false, 7, None));
    assert_eq!(
        answered(session.apply(&named("r", create("{}", Existing::Refuse)))),
        (true, 8, Some(literal("{}")))
    );
    let write = session.into_write().expect("something changed");
    assert_eq!((write.expected.get(), write.revision.get(), write.erase), (5, 8, true));
    assert_eq!(names(&write), [(7, Name::Deleted), (8, Name::Started)]);
    assert_eq!(write.document.as_deref(), Some("{}"));
    let kept: Vec<_> = write.idempotency_records.iter().map(|request| request.revision.get()).collect();
    assert_eq!(kept, [8], "the request of the session that was deleted is gone");
}

#[test]
fn deleting_what_is_not_there_can_be_fine_and_is_not_written() {
    for (mut session, revision) in [(missing(), 0), (deleted(), 5)] {
        assert_eq!(answered(session.apply(&named("r", delete(true)))), (false, revision, None));
        assert!(session.into_write().is_none());
    }
}

#[test]
fn what_is_only_validated_is_answered_with_the_revision_that_stays_and_not_written() {
    let ended = r#"{"conversationId":"c","isActive":false,"state":{"name":"ENDED","reasonCode":"AGENT"}}"#;
    let mut session = stored(ACTIVE);
    for (command, document) in [
        (number("k", 1), Some(&*with("k", 1))),
        (create("{}", Existing::Replace), Some("{}")),
        (end(), Some(ended)),
        (delete(false), None),
    ] {
        let answer = session.apply(&to_validate(named("r", command)));
        assert_eq!(answered(answer), (true, 5, document.map(literal)));
    }
    assert_eq!(answered(session.apply(&to_validate(update("[]")))), (false, 5, Some(literal(ACTIVE))));
    assert!(matches!(
        session.apply(&to_validate(requiring("\"4\"", number("k", 1)))),
        Err(Error::RevisionMismatch { .. })
    ));
    assert!(session.into_write().is_none());

    let mut session = missing();
    assert_eq!(
        answered(session.apply(&to_validate(create("{}", Existing::Refuse)))),
        (true, 0, Some(literal("{}")))
    );
    assert!(session.into_write().is_none());
}

#[test]
fn a_stored_document_that_the_service_did_not_store_is_a_defect() {
    for document in ["", "[]", "{", r#"{"channelData":{"additionalAttributes":["\u0000"]}}"#] {
        let refused =
            SessionState::stored(TenantId::only(), id(), Revision::FIRST, Some(document.to_owned()));
        assert!(matches!(refused, Err(Error::Internal(_))), "{document}");
    }
}

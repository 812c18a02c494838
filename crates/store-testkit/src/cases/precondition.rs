//! What a caller requires of a session before its command is made.

use std::sync::Arc;

use domain::{
    Error, Reason,
    error::Present,
    event::Entry,
    precondition::{Expected, Precondition},
    session::Revision,
    store::Store,
};

use tokio::task::JoinSet;

use super::{
    reader::Reader,
    requests,
    subject::Subject,
    tasks::{TASKS, all_end, at_once},
};
use crate::parsed;

pub(super) fn is(key: &str, value: &str) -> Precondition {
    Precondition { key: key.to_owned(), expected: Expected::Value(parsed::value(value)) }
}

pub(super) fn is_absent(key: &str) -> Precondition {
    Precondition { key: key.to_owned(), expected: Expected::Absent }
}

/// The refusal says what the attribute is.
#[track_caller]
fn is_mismatch(error: Error, key: &str, revision: i64, entry: Option<(Option<&str>, Option<&str>)>) {
    let Error::AttributeMismatch(present) = error else { panic!("{error:?}") };
    let entry = entry.map(|(value_type, value)| Entry {
        value_type: value_type.map(parsed::value),
        value: value.map(parsed::value),
    });
    assert_eq!(*present, Present { key: key.to_owned(), revision: Revision::new(revision), entry });
}

pub async fn an_expected_value_that_is_there_is_met(store: &Arc<dyn Store>) {
    let mut subject =
        Subject::with_list(store, r#"[{"key":"a","type":"Number","value":1},{"key":"b","value":null}]"#)
            .await;
    let command =
        requests::update_if(subject.id(), vec![is("a", "1"), is("b", "null")], &requests::one("a", 2));
    subject
        .applies(
            command,
            &requests::with_list(r#"[{"key":"a","type":"Number","value":2},{"key":"b","value":null}]"#),
        )
        .await;
}

pub async fn another_value_is_refused_and_the_entry_told(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &requests::one("a", "0.10")).await;
    let command = |value| requests::update_if(subject.id(), vec![is("a", value)], &requests::one("a", 2));
    is_mismatch(subject.rejects(command("0.1")).await, "a", 1, Some((Some(r#""Number""#), Some("0.10"))));
    is_mismatch(
        subject.rejects(command(r#""0.10""#)).await,
        "a",
        1,
        Some((Some(r#""Number""#), Some("0.10"))),
    );
    subject.list_becomes(&requests::one("a", 7), &requests::one("a", 7)).await;
    let command = requests::update_if(subject.id(), vec![is("a", "0.10")], &requests::one("a", 2));
    is_mismatch(subject.rejects(command).await, "a", 2, Some((Some(r#""Number""#), Some("7"))));
}

pub async fn values_are_compared_by_their_text(store: &Arc<dyn Store>) {
    let values = [
        "0.1",
        "0.10",
        "1",
        "1.0",
        r#""1""#,
        "true",
        r#""true""#,
        "null",
        r#""null""#,
        "[]",
        "{}",
        r#""""#,
        "[1]",
        "[1.0]",
        "9007199254740992",
        "9007199254740993",
        "\"\u{e9}\"",
        "\"e\u{301}\"",
        r#"{"a":1,"b":0.10}"#,
        r#"{"a":1,"b":0.1}"#,
    ];
    for (at, present) in values.iter().enumerate() {
        let id = parsed::id(&format!("{at}"));
        requests::create_all(
            &**store,
            std::slice::from_ref(&id),
            &requests::with_list(&requests::one("a", present)),
        )
        .await;
        for (other, expected) in values.iter().enumerate() {
            let result =
                requests::execute(&**store, requests::update_if(&id, vec![is("a", expected)], "[]")).await;
            assert_eq!(result.is_ok(), at == other, "{expected} of {present}: {result:?}");
        }
    }
}

pub async fn the_order_of_members_is_no_difference(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &requests::one("a", r#"{"bb":{"y":1,"x":[2]},"a":1e1}"#)).await;
    let command = requests::update_if(subject.id(), vec![is("a", r#"{"a":10,"bb":{"x":[2],"y":1}}"#)], "[]");
    subject.ignores(command).await;
}

pub async fn no_value_is_expected_of_an_absent_key(store: &Arc<dyn Store>) {
    let subject =
        Subject::with_list(store, r#"["a",{"key":"A","value":null},{"key":["a"],"value":null}]"#).await;
    let command = requests::update_if(subject.id(), vec![is("a", "null")], &requests::one("a", 1));
    is_mismatch(subject.rejects(command).await, "a", 1, None);
}

pub async fn an_entry_without_a_value_has_none_not_even_null(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, r#"[{"key":"a","type":"Number"},{"key":"b"}]"#).await;
    let command = |key| requests::update_if(subject.id(), vec![is(key, "null")], "[]");
    is_mismatch(subject.rejects(command("a")).await, "a", 1, Some((Some(r#""Number""#), None)));
    is_mismatch(subject.rejects(command("b")).await, "b", 1, Some((None, None)));
    let command = requests::update_if(subject.id(), vec![is_absent("b")], "[]");
    is_mismatch(subject.rejects(command).await, "b", 1, Some((None, None)));
}

pub async fn an_absence_is_met_once(store: &Arc<dyn Store>) {
    for document in [
        "{}",
        r#"{"channelData":null}"#,
        &requests::with_list("null"),
        &requests::with_list(r#"["a",{"key":"A"}]"#),
    ] {
        let id = parsed::id(document);
        requests::create_all(&**store, std::slice::from_ref(&id), document).await;
        let command = requests::update_if(&id, vec![is_absent("a")], &requests::one("a", 1));
        assert!(requests::made(&**store, command.clone()).await.changed);
        let error = requests::execute(&**store, command).await.expect_err("it is there now");
        is_mismatch(error, "a", 2, Some((Some(r#""Number""#), Some("1"))));
    }
}

pub async fn a_key_that_is_stored_twice_has_to_be_as_required_twice(store: &Arc<dyn Store>) {
    let list = r#"[{"key":"a","value":1},{"key":"b","value":2},{"key":"a","value":2,"type":"Number"},{"key":"a","value":3}]"#;
    let mut subject = Subject::with_list(store, list).await;
    let command = |preconditions| requests::update_if(subject.id(), preconditions, &requests::one("a", 5));
    // Of those that are not as required, the first is reported.
    is_mismatch(
        subject.rejects(command(vec![is("a", "1")])).await,
        "a",
        1,
        Some((Some(r#""Number""#), Some("2"))),
    );
    is_mismatch(subject.rejects(command(vec![is("a", "2")])).await, "a", 1, Some((None, Some("1"))));
    is_mismatch(subject.rejects(command(vec![is_absent("a")])).await, "a", 1, Some((None, Some("1"))));
    let all = r#"[{"key":"a","value":5,"type":"Number"},{"key":"b","value":2},{"key":"a","value":5,"type":"Number"},
        {"key":"a","value":5,"type":"Number"}]"#;
    subject.list_becomes(&requests::one("a", 5), all).await;
    subject.ignores(requests::update_if(subject.id(), vec![is("a", "5")], "[]")).await;
}

pub async fn all_preconditions_have_to_hold_and_the_first_that_does_not_is_told(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &requests::one("a", 1)).await;
    let command = |preconditions| requests::update_if(subject.id(), preconditions, &requests::one("c", 1));
    let error =
        subject.rejects(command(vec![is("a", "1"), is_absent("b"), is("c", "1"), is("a", "2")])).await;
    is_mismatch(error, "c", 1, None);
    let error = subject.rejects(command(vec![is("a", "1"), is("a", "2"), is("c", "1")])).await;
    is_mismatch(error, "a", 1, Some((Some(r#""Number""#), Some("1"))));
    let error = subject.rejects(command(vec![is_absent("a"), is("a", "1")])).await;
    is_mismatch(error, "a", 1, Some((Some(r#""Number""#), Some("1"))));
}

pub async fn preconditions_are_about_what_was_there_before(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &requests::one("a", 1)).await;
    // What is attached and removed by the same update does not count.
    let command = requests::update_if(subject.id(), vec![is("b", "2")], &requests::one("b", 2));
    is_mismatch(subject.rejects(command).await, "b", 1, None);
    let mut command = requests::exchange(subject.id(), &["a"], &requests::one("b", 2));
    if let domain::command::Operation::Update(update) = &mut command.operation {
        update.preconditions = vec![is("a", "1"), is_absent("b")];
    }
    subject.applies(command, &requests::with_list(&requests::one("b", 2))).await;
}

pub async fn preconditions_without_a_change_are_checked(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &requests::one("a", 1)).await;
    subject.ignores(requests::update_if(subject.id(), vec![is("a", "1"), is_absent("b")], "[]")).await;
    subject.ignores(requests::update_if(subject.id(), vec![is("a", "1")], &requests::one("a", 1))).await;
    for attributes in ["[]", &requests::one("a", 1)] {
        let error = subject.rejects(requests::update_if(subject.id(), vec![is("a", "2")], attributes)).await;
        assert_eq!(error.reason(), Reason::AttributeMismatch);
    }
}

pub async fn checks_come_in_their_order(store: &Arc<dyn Store>) {
    let four = r#"[{"key":"a","type":"Number","value":1},{"key":"b","type":"Number","value":1},
        {"key":"c","type":"Number","value":1},{"key":"d","type":"Number","value":1}]"#;
    let documents = [
        (None, Reason::ChannelSessionNotFound),
        (Some(r#"{"isActive":false,"channelData":5}"#), Reason::ChannelSessionNotActive),
        (Some(r#"{"channelData":5}"#), Reason::RevisionMismatch),
        (Some("{}"), Reason::RevisionMismatch),
    ];
    let command = |id, revision| {
        let update = domain::update::Update {
            preconditions: vec![is("a", "1")],
            ..domain::update::Update::attach(parsed::attributes(four), 3)
        };
        requests::if_revision(&[revision], requests::updating(id, update))
    };
    let ids = requests::ids(documents.len());
    for (id, (document, expected)) in ids.iter().zip(documents) {
        if let Some(document) = document {
            requests::create_all(&**store, std::slice::from_ref(id), document).await;
        }
        let error = requests::execute(&**store, command(id, 2)).await.expect_err("it is refused");
        assert_eq!(error.reason(), expected, "{document:?}");
    }
    // With the right revision, the next kind of check answers; and the limit comes last.
    let error = requests::execute(&**store, command(&ids[2], 1)).await.expect_err("it is refused");
    assert_eq!(error.reason(), Reason::ChannelDataMalformed);
    let error = requests::execute(&**store, command(&ids[3], 1)).await.expect_err("it is refused");
    assert_eq!(error.reason(), Reason::AttributeMismatch);
    requests::made(&**store, requests::update(&ids[3], &requests::one("a", 1))).await;
    let error = requests::execute(&**store, command(&ids[3], 2)).await.expect_err("it is refused");
    assert!(matches!(error, Error::TooManyAttributes { found: 4, limit: 3 }), "{error:?}");
}

pub async fn in_one_call_each_sees_what_those_before_it_left(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let commands = vec![
        requests::update_if(&id, vec![is_absent("a")], &requests::one("a", 1)),
        requests::update_if(&id, vec![is_absent("a")], &requests::one("a", 2)),
        requests::update_if(&id, vec![is("a", "1")], &requests::one("a", 3)),
        requests::if_revision(&[3], requests::update(&id, &requests::one("a", 4))),
        requests::if_revision(&[3], requests::update(&id, &requests::one("a", 5))),
        requests::update_if(&id, vec![is("a", "4")], "[]"),
    ];
    let results = store.execute(commands).await;
    let answered: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|done| done.revision.get()).map_err(Error::reason))
        .collect();
    assert_eq!(
        answered,
        [Ok(2), Err(Reason::AttributeMismatch), Ok(3), Ok(4), Err(Reason::RevisionMismatch), Ok(4)]
    );
    assert_eq!(
        requests::stored(&**store, &id).await,
        (parsed::value(&requests::with_list(&requests::one("a", 4))), 4)
    );
}

pub async fn what_is_refused_makes_no_event(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &requests::one("a", 1)).await;
    let mut reader = Reader::of(store, subject.id()).await;
    subject.rejects(requests::update_if(subject.id(), vec![is("a", "2")], &requests::one("a", 3))).await;
    subject
        .rejects(requests::if_revision(&[7], requests::update(subject.id(), &requests::one("a", 3))))
        .await;
    assert_eq!(reader.events().await, []);
    subject.list_becomes(&requests::one("a", 2), &requests::one("a", 2)).await;
    assert_eq!(reader.event().await.revision.get(), 2);
}

pub async fn of_many_who_require_absence_one_attaches(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let commands =
        (0..TASKS).map(|task| requests::update_if(&id, vec![is_absent("a")], &requests::one("a", task)));
    let mut winner = None;
    let mut mismatches = Vec::new();
    for result in at_once(store, commands).await {
        match result {
            Ok(changed) => {
                assert!(winner.replace(requests::answered(&changed)).is_none(), "a second one won");
            }
            Err(error) => mismatches.push(error),
        }
    }
    let (document, revision) = winner.expect("one has won");
    assert_eq!(requests::stored(&**store, &id).await, (document.clone(), revision));
    assert_eq!(revision, 2);
    let won = requests::values(&document)[0].to_text();
    for error in mismatches {
        is_mismatch(error, "a", 2, Some((Some(r#""Number""#), Some(&won))));
    }
}

pub async fn a_counter_that_many_raise_loses_nothing(store: &Arc<dyn Store>) {
    const RAISERS: usize = 8;
    const EACH: usize = 10;
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("count", 0))).await;
    let mut tasks = JoinSet::new();
    for task in 0..RAISERS {
        let (store, id) = (store.clone(), id.clone());
        tasks.spawn(async move {
            let mut count: usize = 0;
            let mut raised = Vec::new();
            while raised.len() < EACH {
                // Half of them require the value, and half the revision that goes with it: one more than the count.
                let command = if task.is_multiple_of(2) {
                    requests::update_if(
                        &id,
                        vec![is("count", &count.to_string())],
                        &requests::one("count", count + 1),
                    )
                } else {
                    requests::if_revision(
                        &[count as i64 + 1],
                        requests::update(&id, &requests::one("count", count + 1)),
                    )
                };
                // A refusal says all that it takes to try again.
                count = match requests::execute(&*store, command).await {
                    Ok(_) => {
                        raised.push(count + 1);
                        count + 1
                    }
                    Err(Error::AttributeMismatch(present)) => {
                        let value = present.entry.and_then(|entry| entry.value).expect("it is there");
                        value.to_text().parse().expect("it is a number")
                    }
                    Err(Error::RevisionMismatch { revision }) => {
                        usize::try_from(revision.get()).expect("it is positive") - 1
                    }
                    Err(error) => panic!("{error:?}"),
                };
                tokio::task::yield_now().await;
            }
            raised
        });
    }
    let all = RAISERS * EACH;
    let mut raised: Vec<_> = all_end(tasks).await.into_iter().flatten().collect();
    raised.sort_unstable();
    assert_eq!(raised, (1..=all).collect::<Vec<_>>(), "each count is somebody's, and nobody else's");
    let expected = parsed::value(&requests::with_list(&requests::one("count", all)));
    assert_eq!(requests::stored(&**store, &id).await, (expected, all as i64 + 1));
}

//! What is asked for again under the same request id is done once, and answered as the first time.

use std::sync::Arc;

use domain::{
    Error, Reason,
    command::{End, Existing, Operation},
    store::Store,
};

use super::{
    precondition::is,
    reader::Reader,
    request_id::{answer, is_reused},
    requests,
    subject::Subject,
    tasks::{TASKS, at_once},
};
use crate::parsed;

pub async fn a_repeat_is_answered_as_the_first_and_changes_nothing(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let mut reader = Reader::of(store, subject.id()).await;
    let list = requests::one("a", "0.10");
    let command = requests::under("r", requests::update(subject.id(), &list));
    subject.applies(command.clone(), &requests::with_list(&list)).await;
    for _ in 0..3 {
        let repeated = requests::made(&**store, command.clone()).await;
        assert_eq!(answer(&repeated), (Some(parsed::value(&requests::with_list(&list))), 2, true));
        subject.is_stored().await;
    }
    assert_eq!(reader.event().await.request_id, command.request_id);
}

pub async fn a_repeat_after_other_changes_is_answered_as_the_first(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let command = requests::under("r", requests::update(subject.id(), &requests::one("a", 1)));
    subject.applies(command.clone(), &requests::with_list(&requests::one("a", 1))).await;
    subject.list_becomes(&requests::one("a", 2), &requests::one("a", 2)).await;
    subject.applies(requests::removal(subject.id(), &["a"]), &requests::with_list("[]")).await;
    let repeated = requests::made(&**store, command).await;
    assert_eq!(
        answer(&repeated),
        (Some(parsed::value(&requests::with_list(&requests::one("a", 1)))), 2, true)
    );
    subject.is_stored().await;
}

pub async fn what_is_no_content_may_differ(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let first = r#"[{"key":"a","type":"WebChannelData","value":{"b":1,"cc":1e1}}]"#;
    let command = requests::at(5, requests::under("r", requests::update(subject.id(), first)));
    subject.applies(command, &requests::with_list(first)).await;
    // Another moment, another limit, another order of members, a number written out.
    let again = r#"[{"value":{"cc":10,"b":1},"type":"WebChannelData","key":"a"}]"#;
    let again = requests::under("r", requests::update_within(0, subject.id(), again));
    assert_eq!(answer(&requests::made(&**store, requests::at(9, again)).await).1, 2);
    subject.is_stored().await;
}

pub async fn a_repeat_needs_no_precondition_any_more(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let id = subject.id().clone();
    let commands = [
        requests::under("tag", requests::if_revision(&[1], requests::update(&id, &requests::one("a", 1)))),
        requests::under("value", requests::update_if(&id, vec![is("a", "1")], &requests::one("a", 2))),
        requests::under("end", requests::if_revision(&[3], requests::end(&id))),
    ];
    subject.applies(commands[0].clone(), &requests::with_list(&requests::one("a", 1))).await;
    subject.applies(commands[1].clone(), &requests::with_list(&requests::one("a", 2))).await;
    let ended = requests::made(&**store, commands[2].clone()).await;
    // By now the revision is another, so is the value, and the session is not even active.
    for (at, command) in commands.into_iter().enumerate() {
        assert_eq!(requests::made(&**store, command).await.revision.get(), at as i64 + 2);
    }
    assert_eq!(requests::stored(&**store, &id).await, requests::answered(&ended));
}

pub async fn a_repeat_of_a_refusal_is_decided_again(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &requests::one("a", 1)).await;
    let command =
        requests::under("r", requests::update_if(subject.id(), vec![is("a", "2")], &requests::one("a", 3)));
    for _ in 0..2 {
        assert_eq!(subject.rejects(command.clone()).await.reason(), Reason::AttributeMismatch);
    }
    subject.list_becomes(&requests::one("a", 2), &requests::one("a", 2)).await;
    subject.applies(command, &requests::with_list(&requests::one("a", 3))).await;
}

pub async fn a_creation_is_made_once(store: &Arc<dyn Store>) {
    let id = parsed::id("new");
    let command = requests::under("r", requests::creation(&id, r#"{"n":0.10}"#));
    for _ in 0..2 {
        let created = requests::made(&**store, command.clone()).await;
        assert_eq!(answer(&created), (Some(parsed::value(r#"{"n":0.10}"#)), 1, true));
    }
    requests::made(&**store, requests::update(&id, &requests::one("a", 1))).await;
    assert_eq!(
        answer(&requests::made(&**store, command).await),
        (Some(parsed::value(r#"{"n":0.10}"#)), 1, true)
    );
    // Another of the same session is refused by its id, before anything is said of the session.
    is_reused(store, requests::under("r", requests::creation(&id, r#"{"n":0.1}"#))).await;
    let exists =
        requests::execute(&**store, requests::under("s", requests::creation(&id, r#"{"n":0.10}"#))).await;
    assert!(matches!(exists, Err(Error::Exists(_))), "{exists:?}");
}

pub async fn a_replacement_is_made_once(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"n":1}"#).await;
    let command = requests::under("r", requests::creation_or(Existing::Replace, subject.id(), r#"{"n":2}"#));
    subject.applies(command.clone(), r#"{"n":2}"#).await;
    subject.applies(requests::creation_or(Existing::Replace, subject.id(), r#"{"n":3}"#), r#"{"n":3}"#).await;
    assert_eq!(
        answer(&requests::made(&**store, command).await),
        (Some(parsed::value(r#"{"n":2}"#)), 2, true)
    );
    subject.is_stored().await;
}

pub async fn a_session_that_was_kept_is_remembered_as_it_was(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"n":1}"#).await;
    let command = requests::under("r", requests::creation_or(Existing::Keep, subject.id(), "{}"));
    subject.ignores(command.clone()).await;
    subject.applies(requests::creation_or(Existing::Replace, subject.id(), r#"{"n":3}"#), r#"{"n":3}"#).await;
    assert_eq!(
        answer(&requests::made(&**store, command).await),
        (Some(parsed::value(r#"{"n":1}"#)), 1, false)
    );
}

pub async fn an_end_is_made_once(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let command = requests::under("r", requests::end(&id));
    let first = answer(&requests::made(&**store, command.clone()).await);
    assert_eq!(first.1, 2);
    assert_eq!(answer(&requests::made(&**store, command).await), first);
    let other = End { state: "ENDED".to_owned(), reason_code: "AGENT".to_owned() };
    is_reused(store, requests::under("r", parsed::command(id.clone(), Operation::End(other)))).await;
    let again = requests::execute(&**store, requests::under("s", requests::end(&id))).await;
    assert!(matches!(again, Err(Error::NotActive(_))), "{again:?}");
}

pub async fn in_one_call_a_repeat_is_answered_as_the_first(store: &Arc<dyn Store>) {
    let [id, other]: [_; 2] = requests::ids(2).try_into().expect("two");
    requests::create_all(&**store, &[id.clone(), other.clone()], "{}").await;
    let under = |value| requests::under("r", requests::update(&id, &requests::one("a", value)));
    let commands = vec![
        under(1),
        requests::update(&id, &requests::one("a", 2)),
        under(1),
        requests::under("r", requests::update(&other, &requests::one("a", 9))),
        under(3),
        requests::update(&id, &requests::one("a", 2)),
    ];
    let results = store.execute(commands).await;
    let answered: Vec<_> =
        results.iter().map(|result| result.as_ref().map(answer).map_err(Error::reason)).collect();
    let with = |value, revision, changed| {
        Ok((Some(parsed::value(&requests::with_list(&requests::one("a", value)))), revision, changed))
    };
    assert_eq!(
        answered,
        [
            with(1, 2, true),
            with(2, 3, true),
            with(1, 2, true),
            with(9, 2, true),
            Err(Reason::RequestIdReused),
            with(2, 3, false),
        ]
    );
    assert_eq!(answer(&requests::made(&**store, under(1)).await).1, 2);
}

pub async fn many_repeats_at_once_change_once_and_are_answered_alike(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    // Others write the same key at the same time, so that a second application would be one more change.
    let command = |task: usize| {
        if task.is_multiple_of(4) {
            requests::update(&id, &requests::one("a", task))
        } else {
            requests::under("r", requests::update(&id, &requests::one("a", r#""once""#)))
        }
    };
    let results = at_once(store, (0..TASKS).map(command)).await;
    let answers: Vec<_> =
        results.iter().map(|result| answer(result.as_ref().expect("each is made"))).collect();
    let repeats: Vec<_> =
        answers.iter().enumerate().filter(|(task, _)| task % 4 != 0).map(|(_, answered)| answered).collect();
    let once = parsed::value(&requests::with_list(&requests::one("a", r#""once""#)));
    assert_eq!(repeats[0], &(Some(once), repeats[0].1, true));
    assert!(repeats.iter().all(|answered| *answered == repeats[0]), "{repeats:?}");

    let events = reader.events().await;
    assert_eq!(events.len(), TASKS / 4 + 1);
    let named: Vec<_> = events.iter().filter(|event| event.request_id.is_some()).collect();
    assert_eq!(named.iter().map(|event| event.revision.get()).collect::<Vec<_>>(), [repeats[0].1]);
}

pub async fn of_many_contents_under_one_id_one_is_made(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let command = |task: usize| requests::under("r", requests::update(&id, &requests::one("a", task / 4)));
    let mut made = Vec::new();
    for (task, result) in at_once(store, (0..TASKS).map(command)).await.into_iter().enumerate() {
        match result {
            Ok(changed) => made.push((task / 4, answer(&changed))),
            Err(error) => assert!(matches!(error, Error::RequestIdReused(_)), "{error:?}"),
        }
    }
    let stored = requests::stored(&**store, &id).await;
    assert_eq!(stored.1, 2);
    // All four that ask for the same are answered alike.
    assert_eq!(made.len(), 4, "{made:?}");
    for (content, answered) in &made {
        assert_eq!((content, answered), (&made[0].0, &(Some(stored.0.clone()), 2, true)));
    }
}

pub async fn many_creations_under_one_id_are_made_once(store: &Arc<dyn Store>) {
    let id = parsed::id("new");
    let command = |_| requests::under("r", requests::creation(&id, r#"{"n":1}"#));
    for result in at_once(store, (0..TASKS).map(command)).await {
        assert_eq!(answer(&result.expect("each is made")), (Some(parsed::value(r#"{"n":1}"#)), 1, true));
    }
}

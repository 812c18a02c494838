//! What is asked for again under the same request id is done once, and answered as the first time.

use std::sync::Arc;

use domain::{
    Error, Reason,
    change::{Change, End, Existing, Operation},
    store::Store,
};

use super::{
    ask,
    precondition::is,
    reader::Reader,
    request_id::{answer, is_reused},
    subject::Subject,
    tasks::{TASKS, at_once},
};
use crate::parsed;

pub async fn a_repeat_is_answered_as_the_first_and_changes_nothing(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let mut reader = Reader::of(store, subject.id()).await;
    let list = ask::one("a", "0.10");
    let change = ask::under("r", ask::update(subject.id(), &list));
    subject.takes(change.clone(), &ask::with_list(&list)).await;
    for _ in 0..3 {
        let repeated = ask::made(&**store, change.clone()).await;
        assert_eq!(answer(&repeated), (Some(parsed::value(&ask::with_list(&list))), 2, true));
        subject.is_stored().await;
    }
    assert_eq!(reader.event().await.request_id, change.request_id);
}

pub async fn a_repeat_after_other_changes_is_answered_as_the_first(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let change = ask::under("r", ask::update(subject.id(), &ask::one("a", 1)));
    subject.takes(change.clone(), &ask::with_list(&ask::one("a", 1))).await;
    subject.list_becomes(&ask::one("a", 2), &ask::one("a", 2)).await;
    subject.takes(ask::removal(subject.id(), &["a"]), &ask::with_list("[]")).await;
    let repeated = ask::made(&**store, change).await;
    assert_eq!(answer(&repeated), (Some(parsed::value(&ask::with_list(&ask::one("a", 1)))), 2, true));
    subject.is_stored().await;
}

pub async fn what_is_no_content_may_differ(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let first = r#"[{"key":"a","type":"WebChannelData","value":{"b":1,"cc":1e1}}]"#;
    let change = ask::at(5, ask::under("r", ask::update(subject.id(), first)));
    subject.takes(change, &ask::with_list(first)).await;
    // Another moment, another limit, another order of members, a number written out.
    let again = r#"[{"value":{"cc":10,"b":1},"type":"WebChannelData","key":"a"}]"#;
    let again = ask::under("r", ask::update_within(0, subject.id(), again));
    assert_eq!(answer(&ask::made(&**store, ask::at(9, again)).await).1, 2);
    subject.is_stored().await;
}

pub async fn a_repeat_needs_no_precondition_any_more(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let id = subject.id().clone();
    let changes = [
        ask::under("tag", ask::if_revision(&[1], ask::update(&id, &ask::one("a", 1)))),
        ask::under("value", ask::update_if(&id, vec![is("a", "1")], &ask::one("a", 2))),
        ask::under("end", ask::if_revision(&[3], ask::end(&id))),
    ];
    subject.takes(changes[0].clone(), &ask::with_list(&ask::one("a", 1))).await;
    subject.takes(changes[1].clone(), &ask::with_list(&ask::one("a", 2))).await;
    let ended = ask::made(&**store, changes[2].clone()).await;
    // By now the revision is another, so is the value, and the session is not even active.
    for (at, change) in changes.into_iter().enumerate() {
        assert_eq!(ask::made(&**store, change).await.revision.get(), at as i64 + 2);
    }
    assert_eq!(ask::stored(&**store, &id).await, ask::told(&ended));
}

pub async fn a_refusal_is_found_anew_by_a_repeat(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &ask::one("a", 1)).await;
    let change = ask::under("r", ask::update_if(subject.id(), vec![is("a", "2")], &ask::one("a", 3)));
    for _ in 0..2 {
        assert_eq!(subject.denies(change.clone()).await.reason(), Reason::AttributeMismatch);
    }
    subject.list_becomes(&ask::one("a", 2), &ask::one("a", 2)).await;
    subject.takes(change, &ask::with_list(&ask::one("a", 3))).await;
}

pub async fn a_creation_is_made_once(store: &Arc<dyn Store>) {
    let id = parsed::id("new");
    let change = ask::under("r", ask::creation(&id, r#"{"n":0.10}"#));
    for _ in 0..2 {
        let created = ask::made(&**store, change.clone()).await;
        assert_eq!(answer(&created), (Some(parsed::value(r#"{"n":0.10}"#)), 1, true));
    }
    ask::made(&**store, ask::update(&id, &ask::one("a", 1))).await;
    assert_eq!(answer(&ask::made(&**store, change).await), (Some(parsed::value(r#"{"n":0.10}"#)), 1, true));
    // Another of the same session is refused by its id, before anything is said of the session.
    is_reused(store, ask::under("r", ask::creation(&id, r#"{"n":0.1}"#))).await;
    let exists = ask::change(&**store, ask::under("s", ask::creation(&id, r#"{"n":0.10}"#))).await;
    assert!(matches!(exists, Err(Error::Exists(_))), "{exists:?}");
}

pub async fn a_replacement_is_made_once(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"n":1}"#).await;
    let change = ask::under("r", ask::creation_or(Existing::Replace, subject.id(), r#"{"n":2}"#));
    subject.takes(change.clone(), r#"{"n":2}"#).await;
    subject.takes(ask::creation_or(Existing::Replace, subject.id(), r#"{"n":3}"#), r#"{"n":3}"#).await;
    assert_eq!(answer(&ask::made(&**store, change).await), (Some(parsed::value(r#"{"n":2}"#)), 2, true));
    subject.is_stored().await;
}

pub async fn a_session_that_was_kept_is_remembered_as_it_was(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"n":1}"#).await;
    let change = ask::under("r", ask::creation_or(Existing::Keep, subject.id(), "{}"));
    subject.ignores(change.clone()).await;
    subject.takes(ask::creation_or(Existing::Replace, subject.id(), r#"{"n":3}"#), r#"{"n":3}"#).await;
    assert_eq!(answer(&ask::made(&**store, change).await), (Some(parsed::value(r#"{"n":1}"#)), 1, false));
}

pub async fn an_end_is_made_once(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let change = ask::under("r", ask::end(&id));
    let first = answer(&ask::made(&**store, change.clone()).await);
    assert_eq!(first.1, 2);
    assert_eq!(answer(&ask::made(&**store, change).await), first);
    let other = End { state: "ENDED".to_owned(), reason_code: "AGENT".to_owned() };
    is_reused(store, ask::under("r", Change::new(id.clone(), Operation::End(other)))).await;
    let again = ask::change(&**store, ask::under("s", ask::end(&id))).await;
    assert!(matches!(again, Err(Error::NotActive(_))), "{again:?}");
}

pub async fn in_one_call_a_repeat_is_answered_as_the_first(store: &Arc<dyn Store>) {
    let [id, other]: [_; 2] = ask::ids(2).try_into().expect("two");
    ask::create_all(&**store, &[id.clone(), other.clone()], "{}").await;
    let under = |value| ask::under("r", ask::update(&id, &ask::one("a", value)));
    let changes = vec![
        under(1),
        ask::update(&id, &ask::one("a", 2)),
        under(1),
        ask::under("r", ask::update(&other, &ask::one("a", 9))),
        under(3),
        ask::update(&id, &ask::one("a", 2)),
    ];
    let results = store.change(changes).await;
    let told: Vec<_> =
        results.iter().map(|result| result.as_ref().map(answer).map_err(Error::reason)).collect();
    let with = |value, revision, changed| {
        Ok((Some(parsed::value(&ask::with_list(&ask::one("a", value)))), revision, changed))
    };
    assert_eq!(
        told,
        [
            with(1, 2, true),
            with(2, 3, true),
            with(1, 2, true),
            with(9, 2, true),
            Err(Reason::RequestIdReused),
            with(2, 3, false),
        ]
    );
    assert_eq!(answer(&ask::made(&**store, under(1)).await).1, 2);
}

pub async fn many_repeats_at_once_change_once_and_are_answered_alike(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    // Others write the same key at the same time, so that a second application would be one more change.
    let change = |task: usize| {
        if task.is_multiple_of(4) {
            ask::update(&id, &ask::one("a", task))
        } else {
            ask::under("r", ask::update(&id, &ask::one("a", r#""once""#)))
        }
    };
    let results = at_once(store, (0..TASKS).map(change)).await;
    let answers: Vec<_> =
        results.iter().map(|result| answer(result.as_ref().expect("each is made"))).collect();
    let repeats: Vec<_> =
        answers.iter().enumerate().filter(|(task, _)| task % 4 != 0).map(|(_, told)| told).collect();
    let once = parsed::value(&ask::with_list(&ask::one("a", r#""once""#)));
    assert_eq!(repeats[0], &(Some(once), repeats[0].1, true));
    assert!(repeats.iter().all(|told| *told == repeats[0]), "{repeats:?}");

    let events = reader.events().await;
    assert_eq!(events.len(), TASKS / 4 + 1);
    let named: Vec<_> = events.iter().filter(|event| event.request_id.is_some()).collect();
    assert_eq!(named.iter().map(|event| event.revision.get()).collect::<Vec<_>>(), [repeats[0].1]);
}

pub async fn of_many_contents_under_one_id_one_is_made(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let change = |task: usize| ask::under("r", ask::update(&id, &ask::one("a", task / 4)));
    let mut made = Vec::new();
    for (task, result) in at_once(store, (0..TASKS).map(change)).await.into_iter().enumerate() {
        match result {
            Ok(changed) => made.push((task / 4, answer(&changed))),
            Err(error) => assert!(matches!(error, Error::RequestIdReused(_)), "{error:?}"),
        }
    }
    let stored = ask::stored(&**store, &id).await;
    assert_eq!(stored.1, 2);
    // All four that ask for the same are answered alike.
    assert_eq!(made.len(), 4, "{made:?}");
    for (content, told) in &made {
        assert_eq!((content, told), (&made[0].0, &(Some(stored.0.clone()), 2, true)));
    }
}

pub async fn many_creations_under_one_id_are_made_once(store: &Arc<dyn Store>) {
    let id = parsed::id("new");
    let change = |_| ask::under("r", ask::creation(&id, r#"{"n":1}"#));
    for result in at_once(store, (0..TASKS).map(change)).await {
        assert_eq!(answer(&result.expect("each is made")), (Some(parsed::value(r#"{"n":1}"#)), 1, true));
    }
}

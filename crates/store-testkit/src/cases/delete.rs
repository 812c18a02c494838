//! Erasing a session: nothing stays of it but what keeps its revision going.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    Error, Reason,
    caller::Requester,
    command::{Command, Delete, Existing, Operation},
    event::{Event, Name, Scope},
    list::Filter,
    session::{Id, Revision, TenantId},
    store::Store,
    time::Timestamp,
};
use tokio::task::JoinSet;

use super::{reader::Reader, requests, tasks::all_end};
use crate::{parsed, seed};

fn if_there(id: &Id) -> Command {
    parsed::command(id.clone(), Operation::Delete(Delete { allow_missing: true }))
}

async fn is_gone(store: &Arc<dyn Store>, id: &Id) {
    let missing = requests::get_one(&**store, id).await;
    assert!(matches!(&missing, Err(Error::NotFound(answered)) if answered == id), "{missing:?}");
    let listed = requests::list(&**store, &Filter::default(), None, 100).await;
    assert!(listed.iter().all(|session| session.id != *id), "{listed:?}");
}

async fn history(store: &Arc<dyn Store>, id: &Id) -> Vec<Event> {
    requests::history(&**store, id).await
}

pub async fn a_deleted_session_is_gone(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, seed::CHANNEL_SESSION).await;
    let deleted = requests::made(&**store, requests::deletion(&ids[1])).await;
    assert_eq!((deleted.revision.get(), deleted.document, deleted.changed), (2, None, true));
    is_gone(store, &ids[1]).await;
    for command in [requests::update(&ids[1], "[]"), requests::end(&ids[1]), requests::deletion(&ids[1])] {
        let missing = requests::execute(&**store, command).await;
        assert!(matches!(&missing, Err(Error::NotFound(answered)) if *answered == ids[1]), "{missing:?}");
    }
    for id in [&ids[0], &ids[2]] {
        assert_eq!(requests::stored(&**store, id).await, (parsed::value(seed::CHANNEL_SESSION), 1));
    }
}

pub async fn it_is_found_by_nothing_any_more(store: &Arc<dyn Store>) {
    let document =
        r#"{"conversationId":"c","customer":{"_id":"u"},"channel":{"channelType":{"name":"WEB"}}}"#;
    let id = requests::create_one(&**store, document).await;
    requests::made(&**store, requests::deletion(&id)).await;
    let text = |text: &str| Some(text.to_owned());
    for filter in [
        Filter { conversation_id: text("c"), ..Filter::default() },
        Filter { customer_id: text("u"), ..Filter::default() },
        Filter { channel_type: text("WEB"), ..Filter::default() },
        Filter { active: Some(true), ..Filter::default() },
        Filter { active: Some(false), ..Filter::default() },
    ] {
        assert_eq!(requests::list(&**store, &filter, None, 10).await, [], "{filter:?}");
    }
}

pub async fn the_next_session_continues_the_revision(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, r#"{"n":1}"#).await;
    requests::made(&**store, requests::update(&id, &requests::one("a", 1))).await;
    for round in 0..3 {
        let deleted = requests::made(&**store, requests::deletion(&id)).await;
        assert_eq!(deleted.revision.get(), 3 + round * 2);
        let created = requests::made(&**store, requests::creation(&id, r#"{"n":2}"#)).await;
        assert_eq!(requests::answered(&created), (parsed::value(r#"{"n":2}"#), 4 + round * 2));
        assert_eq!(requests::stored(&**store, &id).await, requests::answered(&created));
    }
}

pub async fn a_session_in_its_place_can_be_made_in_every_way(store: &Arc<dyn Store>) {
    let ways = [Existing::Refuse, Existing::Keep, Existing::Replace];
    for (id, existing) in requests::ids(3).into_iter().zip(ways) {
        requests::create_all(&**store, std::slice::from_ref(&id), r#"{"n":1}"#).await;
        requests::made(&**store, requests::deletion(&id)).await;
        let created = requests::made(&**store, requests::creation_or(existing, &id, r#"{"n":1}"#)).await;
        assert!(created.changed);
        assert_eq!(requests::answered(&created), (parsed::value(r#"{"n":1}"#), 3));
    }
}

pub async fn its_history_and_events_go_and_one_event_tells_of_it(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let [id, other]: [_; 2] = requests::ids(2).try_into().expect("two");
    requests::create_all(&**store, &[id.clone(), other.clone()], seed::CHANNEL_SESSION).await;
    for id in [&id, &other] {
        requests::made(
            &**store,
            requests::under("secret", requests::update(id, &requests::one("a", r#""secret""#))),
        )
        .await;
    }
    let deletion =
        Command { requester: Requester::service(), ..requests::under("d", requests::deletion(&id)) };
    requests::made(&**store, requests::at(77, deletion)).await;

    let left = Event {
        tenant: TenantId::only(),
        session_id: id.clone(),
        revision: Revision::new(3),
        name: Name::Deleted,
        at: Timestamp::from_millis(77),
        conversation_id: None,
        requester: Requester::service(),
        request_id: None,
        trace_id: None,
        changes: Vec::new(),
        document: None,
    };
    assert_eq!(history(store, &id).await, std::slice::from_ref(&left));
    assert_eq!(history(store, &other).await.len(), 2);
    assert_eq!(requests::history_of(&**store, &id, Some("a"), None, 10).await, []);
    let mut reader = Reader::from(store, Scope::Session(id.clone()), start.clone());
    assert_eq!(reader.events().await, std::slice::from_ref(&left));
    let mut reader = Reader::from(store, Scope::All, start);
    let all = reader.events().await;
    assert_eq!(all.iter().filter(|event| event.session_id == id).collect::<Vec<_>>(), [&left]);
    assert_eq!(all.iter().filter(|event| event.session_id == other).count(), 2);
}

pub async fn a_conversation_keeps_no_event_of_it(store: &Arc<dyn Store>) {
    let mut reader = Reader::from_now(store, Scope::Conversation("c".to_owned())).await;
    let id = requests::create_one(&**store, r#"{"conversationId":"c"}"#).await;
    requests::made(&**store, requests::deletion(&id)).await;
    assert_eq!(reader.events().await, []);
}

pub async fn a_reader_that_was_on_its_way_is_told_of_it(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    requests::made(&**store, requests::update(&id, &requests::one("a", 1))).await;
    assert_eq!(reader.event().await.revision.get(), 2);
    requests::made(&**store, requests::update(&id, &requests::one("a", 2))).await;
    requests::made(&**store, requests::deletion(&id)).await;
    requests::create_all(&**store, std::slice::from_ref(&id), "{}").await;
    let events = reader.events().await;
    let answered: Vec<_> = events.iter().map(|event| (event.revision.get(), event.name)).collect();
    assert_eq!(answered, [(4, Name::Deleted), (5, Name::Started)]);
}

pub async fn the_event_of_an_earlier_deletion_goes_with_the_next(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let id = requests::create_one(&**store, "{}").await;
    requests::made(&**store, requests::deletion(&id)).await;
    requests::create_all(&**store, std::slice::from_ref(&id), "{}").await;
    let answered = |events: Vec<Event>| -> Vec<_> {
        events.iter().map(|event| (event.revision.get(), event.name)).collect()
    };
    assert_eq!(answered(history(store, &id).await), [(3, Name::Started), (2, Name::Deleted)]);
    requests::made(&**store, requests::deletion(&id)).await;
    assert_eq!(answered(history(store, &id).await), [(4, Name::Deleted)]);
    assert_eq!(answered(Reader::from(store, Scope::All, start).events().await), [(4, Name::Deleted)]);
}

pub async fn a_missing_session_is_not_found_unless_that_is_fine(store: &Arc<dyn Store>) {
    let id = parsed::id("missing");
    let mut reader = Reader::of(store, &id).await;
    let missing = requests::execute(&**store, requests::deletion(&id)).await;
    assert!(matches!(&missing, Err(Error::NotFound(answered)) if *answered == id), "{missing:?}");
    let fine = requests::made(&**store, if_there(&id)).await;
    assert_eq!((fine.revision, fine.document, fine.changed), (Revision::NONE, None, false));
    assert_eq!(reader.events().await, []);
    // What never was leaves nothing behind that the next session would continue.
    let created = requests::made(&**store, requests::creation(&id, "{}")).await;
    assert_eq!(created.revision, Revision::FIRST);
    for changed in [true, false] {
        let deleted = requests::made(&**store, if_there(&id)).await;
        assert_eq!((deleted.revision.get(), deleted.document, deleted.changed), (2, None, changed));
    }
    assert_eq!(reader.events().await.len(), 1);
}

pub async fn a_session_of_another_revision_stays(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    for command in [requests::deletion(&id), if_there(&id)] {
        let error = requests::execute(&**store, requests::if_revision(&[2], command))
            .await
            .expect_err("it has another");
        assert_eq!(error.reason(), Reason::RevisionMismatch);
    }
    assert_eq!(requests::stored(&**store, &id).await, (parsed::value("{}"), 1));
    requests::made(&**store, requests::if_revision(&[1], requests::deletion(&id))).await;
    is_gone(store, &id).await;
}

pub async fn a_session_that_has_ended_can_be_deleted(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    requests::made(&**store, requests::end(&id)).await;
    assert_eq!(requests::made(&**store, requests::deletion(&id)).await.revision.get(), 3);
    is_gone(store, &id).await;
}

pub async fn a_malformed_session_can_be_deleted(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, r#"{"channelData":5}"#).await;
    requests::made(&**store, requests::deletion(&id)).await;
    is_gone(store, &id).await;
}

pub async fn a_whole_life_fits_one_call(store: &Arc<dyn Store>) {
    let [id, other]: [_; 2] = requests::ids(2).try_into().expect("two");
    let mut reader = Reader::of(store, &id).await;
    let commands = vec![
        requests::creation(&id, r#"{"n":1}"#),
        requests::under("r", requests::update(&id, &requests::one("a", 1))),
        requests::creation(&other, "{}"),
        requests::deletion(&id),
        requests::update(&id, &requests::one("a", 2)),
        requests::under("r", requests::creation(&id, r#"{"n":2}"#)),
        requests::deletion(&id),
        if_there(&id),
    ];
    let results = store.execute(commands).await;
    let answered: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|done| done.revision.get()).map_err(Error::reason))
        .collect();
    let missing = Err(Reason::ChannelSessionNotFound);
    assert_eq!(answered, [Ok(1), Ok(2), Ok(1), Ok(3), missing, Ok(4), Ok(5), Ok(5)]);
    is_gone(store, &id).await;
    let event = reader.event().await;
    assert_eq!((event.revision.get(), event.name), (5, Name::Deleted));
    assert_eq!(requests::made(&**store, requests::creation(&id, "{}")).await.revision.get(), 6);
}

pub async fn a_session_that_is_deleted_and_made_in_one_call_forgets_what_was(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let update = |value| requests::under("r", requests::update(&id, &requests::one("a", value)));
    requests::made(&**store, update(1)).await;
    let mut reader = Reader::of(store, &id).await;
    let results = store
        .execute(vec![requests::deletion(&id), requests::creation(&id, r#"{"n":2}"#), update(2), update(2)])
        .await;
    let revisions: Vec<_> =
        results.iter().map(|result| result.as_ref().expect("each is made").revision.get()).collect();
    assert_eq!(revisions, [3, 4, 5, 5]);
    let answered: Vec<_> =
        reader.events().await.iter().map(|event| (event.revision.get(), event.name)).collect();
    assert_eq!(answered, [(3, Name::Deleted), (4, Name::Started), (5, Name::DataUpdated)]);
    assert_eq!(history(store, &id).await.len(), 3);
    assert_eq!(requests::made(&**store, update(2)).await.revision.get(), 5);
}

pub async fn many_creations_and_deletions_use_each_revision_once(store: &Arc<dyn Store>) {
    const EACH: usize = 20;
    let id = parsed::id("contended");
    let mut tasks = JoinSet::new();
    for task in 0..6 {
        let (store, id) = (store.clone(), id.clone());
        tasks.spawn(async move {
            let mut revisions = Vec::new();
            for _ in 0..EACH {
                let command =
                    if task % 2 == 0 { requests::creation(&id, "{}") } else { requests::deletion(&id) };
                match requests::execute(&*store, command).await {
                    Ok(changed) => revisions.push((changed.revision.get(), changed.document.is_some())),
                    Err(error) => {
                        assert!(matches!(error, Error::Exists(_) | Error::NotFound(_)), "{error:?}");
                    }
                }
                tokio::task::yield_now().await;
            }
            revisions
        });
    }
    let used: Vec<_> = all_end(tasks).await.into_iter().flatten().collect();
    let distinct: BTreeSet<_> = used.iter().copied().collect();
    assert_eq!(distinct.len(), used.len(), "{used:?}");
    // They alternate, beginning with a creation, and none is left out.
    let expected: Vec<_> = (1..=used.len() as i64).map(|revision| (revision, revision % 2 == 1)).collect();
    assert_eq!(distinct.into_iter().collect::<Vec<_>>(), expected);
}

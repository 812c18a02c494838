//! Reading on: positions between events, and what comes behind them.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    Error, Reason,
    event::{Position, Scope},
    session::TenantId,
    store::Store,
};

use super::{
    reader::{Reader, Summary, behind, change_each, summary},
    requests,
};

pub async fn nothing_is_behind_the_present_position(store: &Arc<dyn Store>) {
    let ids = requests::ids(2);
    requests::create_all(&**store, &ids, "{}").await;
    for (round, scope) in [Scope::All, Scope::Session(ids[0].clone()), Scope::All].into_iter().enumerate() {
        change_each(store, &ids, round..round + 1).await;
        let mut reader = Reader::from_now(store, scope).await;
        let mut received = Vec::new();
        for _ in 0..3 {
            while !reader.page(None, &mut received).await {}
            assert_eq!(received, []);
        }
    }
}

pub async fn an_empty_store_has_a_position_too(store: &Arc<dyn Store>) {
    let mut reader = Reader::from_now(store, Scope::All).await;
    assert_eq!(reader.events().await, []);
    requests::create_one(&**store, "{}").await;
    assert_eq!(reader.events().await.len(), 1);
}

pub async fn what_happens_later_is_behind_it(store: &Arc<dyn Store>) {
    let ids = requests::ids(2);
    let mut reader = Reader::from_now(store, Scope::All).await;
    for round in 0..5 {
        let at = store.position().await.expect("the store answers");
        if round == 0 {
            requests::create_all(&**store, &ids, "{}").await;
        } else {
            change_each(store, &ids, round..round + 1).await;
        }
        let expected: BTreeSet<Summary> =
            ids.iter().map(|id| (id.as_str().to_owned(), round as i64 + 1)).collect();
        assert_eq!(summary(&reader.events().await).into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(behind(store, Scope::All, &at).await.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

pub async fn positions_are_short_and_of_visible_ascii(store: &Arc<dyn Store>) {
    let is_fine = |at: &Position| {
        let text = at.as_str();
        assert!((1..=Position::MAX_CHARS).contains(&text.len()), "{text}");
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
    };
    let mut reader = Reader::from_now(store, Scope::All).await;
    is_fine(&reader.at);
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, "{}").await;
    reader.positions().await.iter().for_each(|(_, at)| is_fine(at));
    is_fine(&reader.at);
}

pub async fn each_event_has_a_position_that_continues_behind_it(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let ids = requests::ids(3);
    // Some together in one call, some alone.
    requests::create_all(&**store, &ids, "{}").await;
    change_each(store, &ids, 0..2).await;
    let updates = ids.iter().map(|id| requests::update(id, &requests::one("a", 9)));
    for result in store.execute(updates.collect()).await {
        result.expect("each is made");
    }
    let all = Reader::from(store, Scope::All, start.clone()).positions().await;
    assert_eq!(all.len(), 12);
    let expected = |from: usize, scope: &Scope| -> BTreeSet<_> {
        summary(all[from..].iter().map(|(event, _)| event).filter(|event| scope.holds(event)))
            .into_iter()
            .collect()
    };
    for scope in [Scope::All, Scope::Session(ids[1].clone())] {
        for limit in [1, 100] {
            for (before, (_, at)) in all.iter().enumerate() {
                let events = Reader::from(store, scope.clone(), at.clone()).limited(limit).events().await;
                let received: BTreeSet<_> = summary(&events).into_iter().collect();
                assert_eq!(received.len(), events.len(), "none comes twice");
                assert_eq!(received, expected(before + 1, &scope), "{scope:?} behind {:?}", all[before].0);
            }
        }
    }
    // Those that a narrower reader is given continue just as well.
    let of_one = Scope::Session(ids[1].clone());
    for (event, at) in Reader::from(store, of_one.clone(), start).positions().await {
        let rest: Vec<_> =
            (event.revision.get() + 1..=4).map(|revision| (ids[1].as_str().to_owned(), revision)).collect();
        assert_eq!(behind(store, of_one.clone(), &at).await, rest);
        let index = all.iter().position(|(other, _)| other.id() == event.id()).expect("it is one of them");
        let received: BTreeSet<_> = behind(store, Scope::All, &at).await.into_iter().collect();
        assert_eq!(received, expected(index + 1, &Scope::All));
    }
}

pub async fn a_position_stays_good_while_more_happens(store: &Arc<dyn Store>) {
    let ids = requests::ids(2);
    let start = store.position().await.expect("the store answers");
    requests::create_all(&**store, &ids, "{}").await;
    let first = behind(store, Scope::All, &start).await;
    change_each(store, &ids, 0..20).await;
    let all = behind(store, Scope::All, &start).await;
    assert_eq!(all.len(), 42);
    assert_eq!(all[..2].iter().collect::<BTreeSet<_>>(), first.iter().collect());
}

pub async fn until_a_position_comes_what_is_before_it(store: &Arc<dyn Store>) {
    let ids = requests::ids(2);
    let mut positions = vec![store.position().await.expect("the store answers")];
    requests::create_all(&**store, &ids, "{}").await;
    positions.push(store.position().await.expect("the store answers"));
    for round in 0..3 {
        change_each(store, &ids, round..round + 1).await;
        positions.push(store.position().await.expect("the store answers"));
    }
    for limit in [1, 3, 100] {
        for from in 0..positions.len() {
            for to in from..positions.len() {
                let mut reader = Reader::from(store, Scope::All, positions[from].clone()).limited(limit);
                let mut received = Vec::new();
                while !reader.page(Some(&positions[to]), &mut received).await {}
                let revisions: BTreeSet<_> =
                    summary(received.iter().map(|(event, _)| event)).into_iter().collect();
                let expected: BTreeSet<_> = (from + 1..=to)
                    .flat_map(|revision| ids.iter().map(move |id| (id.as_str().to_owned(), revision as i64)))
                    .collect();
                assert_eq!(
                    (received.len(), revisions),
                    (expected.len(), expected),
                    "{from} to {to} by {limit}"
                );
                // And from there to the end comes the rest.
                assert_eq!(reader.events().await.len(), (positions.len() - 1 - to) * 2);
            }
        }
    }
}

pub async fn until_an_event_comes_what_is_before_it_and_itself(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let start = store.position().await.expect("the store answers");
    change_each(store, std::slice::from_ref(&id), 0..5).await;
    let all = Reader::from(store, Scope::All, start.clone()).positions().await;
    for (count, (_, until)) in (1..).zip(&all) {
        let mut received = Vec::new();
        let mut reader = Reader::from(store, Scope::All, start.clone()).limited(2);
        while !reader.page(Some(until), &mut received).await {}
        assert_eq!(
            summary(received.iter().map(|(event, _)| event)),
            summary(all[..count].iter().map(|(event, _)| event))
        );
    }
}

pub async fn until_a_position_that_lies_before_comes_nothing(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let earlier = store.position().await.expect("the store answers");
    change_each(store, std::slice::from_ref(&id), 0..3).await;
    let mut reader = Reader::from_now(store, Scope::All).await;
    change_each(store, std::slice::from_ref(&id), 3..5).await;
    let mut received = Vec::new();
    assert!(reader.page(Some(&earlier), &mut received).await, "that is all up to there");
    assert_eq!(received, []);
    // It has not gone back.
    assert_eq!(
        summary(&reader.events().await).into_iter().map(|(_, revision)| revision).collect::<Vec<_>>(),
        [5, 6]
    );
}

pub async fn a_position_that_the_store_did_not_give_is_refused(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    change_each(store, std::slice::from_ref(&id), 0..2).await;
    let good = store.position().await.expect("the store answers");
    let tenant = TenantId::only();
    let texts = [
        "",
        " ",
        "no position",
        "💬",
        "\0",
        "1e3",
        "0x1",
        "'",
        "{}",
        "null",
        "=",
        "1 2",
        "%00",
        "+",
        ":::",
        "-",
        &"9".repeat(Position::MAX_CHARS),
        &"a".repeat(Position::MAX_CHARS),
        &format!("{} ", good.as_str()),
        &format!("{}x", good.as_str()),
    ];
    for text in texts {
        let bad = Position::new(text);
        let after = store.events(&tenant, &Scope::All, &bad, None, 10).await;
        let until = store.events(&tenant, &Scope::All, &good, Some(&bad), 10).await;
        for refused in [after, until] {
            assert!(matches!(refused, Err(Error::InvalidParameter(_))), "{text:?}: {refused:?}");
        }
    }
}

pub async fn a_refused_reader_is_told_why(store: &Arc<dyn Store>) {
    let refused = store.events(&TenantId::only(), &Scope::All, &Position::new("?"), None, 1).await;
    let error = refused.expect_err("it is no position");
    assert_eq!(error.reason(), Reason::InvalidParameter);
    assert_eq!(error.violations().len(), 1);
}

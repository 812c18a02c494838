//! Ids are opaque: each comes back as it was, and no two are the same.

use std::sync::Arc;

use domain::{
    Error,
    list::Filter,
    session::{Id, TenantId},
    store::Store,
};

use super::requests;
use crate::parsed;

/// Ids that something on the way could take for something else. No two are equal.
fn odd_ids() -> Vec<Id> {
    let texts = [
        "GQLAJRxeLTC7rVOhclj79Q..",
        "GQLAJRxeLTC7rVOhclj79Q.",
        "GQLAJRxeLTC7rVOhclj79Q",
        "...",
        ".a",
        "a/b",
        "/",
        "//",
        "a%2Fb",
        "%",
        "%%",
        "%s",
        "_",
        "*",
        "?",
        "#",
        "&a=b",
        " ",
        "  ",
        "a",
        "a ",
        " a",
        "A",
        "\u{a0}",
        "\u{3000}",
        "\u{200b}",
        "\u{feff}",
        "\u{202e}abc",
        "\u{e9}",
        "e\u{301}",
        "\u{df}",
        "ss",
        "\u{130}",
        "i",
        "I",
        "\u{131}",
        "💬",
        "👩\u{200d}👩\u{200d}👧",
        "\u{ffff}",
        "\u{10ffff}",
        "'",
        "''",
        "\"",
        "\\",
        "\\\\",
        "\\n",
        "\\u0000",
        "'; DROP TABLE sessions; --",
        "{",
        "}",
        "{}",
        "{a,b}",
        "[1]",
        ",",
        ",,",
        "a,b",
        "(a)",
        "NULL",
        "null",
        "\"NULL\"",
        "true",
        "0",
        "00",
        "-0",
        "1e3",
        "1000",
        "$1",
        ":a",
        "\u{fffd}",
    ];
    texts.map(parsed::id).to_vec()
}

pub async fn odd_ids_come_back_as_they_were(store: &Arc<dyn Store>) {
    come_back(store, odd_ids()).await;
}

pub async fn ids_of_255_characters_come_back_as_they_were(store: &Arc<dyn Store>) {
    let ids =
        ["x", "\u{e9}", "\u{4e2d}", "💬", "\"", "\\"].map(|char| parsed::id(&char.repeat(Id::MAX_CHARS)));
    let mut ids = ids.to_vec();
    // Two that differ at their ends alone.
    ids.push(parsed::id(&format!("{}👍", "💬".repeat(Id::MAX_CHARS - 1))));
    come_back(store, ids).await;
}

pub async fn ids_are_compared_exactly(store: &Arc<dyn Store>) {
    let ids = odd_ids();
    for (at, id) in ids.iter().enumerate() {
        // Those behind it are not there yet, so whatever is found would be another.
        let result = requests::get_one(&**store, id).await;
        assert!(matches!(&result, Err(Error::NotFound(answered)) if answered == id), "{id:?}: {result:?}");
        let result = requests::execute(&**store, requests::update(id, "[]")).await;
        assert!(matches!(&result, Err(Error::NotFound(answered)) if answered == id), "{id:?}: {result:?}");
        let created = requests::execute(&**store, requests::creation(id, &format!(r#"{{"at":{at}}}"#))).await;
        assert_eq!(
            requests::answered(&created.expect("it is new")),
            (parsed::value(&format!(r#"{{"at":{at}}}"#)), 1)
        );
    }
}

/// Creates, updates, fetches and lists all of them, each with one call; their documents distinguish them.
async fn come_back(store: &Arc<dyn Store>, ids: Vec<Id>) {
    let document = |at: usize| format!(r#"{{"at":{at}}}"#);
    let results = store
        .execute(ids.iter().enumerate().map(|(at, id)| requests::creation(id, &document(at))).collect())
        .await;
    for (at, (id, result)) in ids.iter().zip(results).enumerate() {
        let created = result.unwrap_or_else(|error| panic!("{id:?}: {error}"));
        assert_eq!(requests::answered(&created), (parsed::value(&document(at)), 1));
    }

    let attribute = r#"[{"key":"a","type":"Number","value":1}]"#;
    let updated = |at: usize| {
        (parsed::value(&format!(r#"{{"at":{at},"channelData":{{"additionalAttributes":{attribute}}}}}"#)), 2)
    };
    let results = store.execute(ids.iter().map(|id| requests::update(id, attribute)).collect()).await;
    for (at, (id, result)) in ids.iter().zip(results).enumerate() {
        let changed = result.unwrap_or_else(|error| panic!("{id:?}: {error}"));
        assert_eq!(requests::answered(&changed), updated(at));
    }

    let results = store.get(&TenantId::only(), ids.clone()).await;
    for (at, (id, result)) in ids.iter().zip(results).enumerate() {
        let session = result.unwrap_or_else(|error| panic!("{id:?}: {error}"));
        assert_eq!((&session.id, requests::read(&session)), (id, updated(at)));
    }

    let page = requests::list(&**store, &Filter::default(), None, ids.len() + 1).await;
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(page.into_iter().map(|session| session.id).collect::<Vec<_>>(), sorted);
}

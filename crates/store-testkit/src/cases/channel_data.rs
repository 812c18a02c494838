//! Where the list is: absent, null, or in a document that has no place for it.

use std::sync::Arc;

use domain::{Error, error::Malformed, store::Store};

use super::{requests, subject::Subject};
use crate::parsed;

const ATTRIBUTE: &str = r#"[{"key":"a","type":"Number","value":1}]"#;

pub async fn an_absent_channel_data_counts_as_empty(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, "{}").await;
    let document = r#"{"channelData":{"additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#;
    subject.becomes(ATTRIBUTE, document).await;
}

pub async fn a_null_channel_data_counts_as_empty(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"channelData":null,"state":null}"#).await;
    let document =
        r#"{"state":null,"channelData":{"additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#;
    subject.becomes(ATTRIBUTE, document).await;
}

pub async fn an_absent_list_counts_as_empty(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"channelData":{"requestPriority":0,"other":null}}"#).await;
    let document = r#"{"channelData":{"requestPriority":0,"other":null,
        "additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#;
    subject.becomes(ATTRIBUTE, document).await;
}

pub async fn a_null_list_counts_as_empty(store: &Arc<dyn Store>) {
    let mut subject =
        Subject::stored(store, r#"{"channelData":{"additionalAttributes":null,"x":0.10}}"#).await;
    let document =
        r#"{"channelData":{"x":0.10,"additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#;
    subject.becomes(ATTRIBUTE, document).await;
}

pub async fn a_list_that_is_made_is_held_to_the_limit(store: &Arc<dyn Store>) {
    for (at, document) in ["{}", r#"{"channelData":null}"#, r#"{"channelData":{}}"#].into_iter().enumerate() {
        let id = &requests::ids(at + 1)[at];
        requests::create_all(&**store, std::slice::from_ref(id), document).await;
        let item = requests::update_within(0, id, ATTRIBUTE);
        let result = requests::execute(&**store, item).await;
        assert!(matches!(result, Err(Error::TooManyAttributes { found: 1, limit: 0 })), "{result:?}");
        assert_eq!(requests::stored(&**store, id).await, (parsed::value(document), 1));
    }
}

pub async fn members_of_the_same_names_elsewhere_are_left_alone(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(
        store,
        r#"{"additionalAttributes":[{"key":"a"}],
            "channel":{"channelData":{"additionalAttributes":[{"key":"a"}]}},
            "channelData":{"channelData":{"additionalAttributes":[{"key":"a"}]},"additionalAttributes":[]},
            "ChannelData":5,"channeldata":[]}"#,
    )
    .await;
    subject
        .becomes(
            ATTRIBUTE,
            r#"{"additionalAttributes":[{"key":"a"}],
            "channel":{"channelData":{"additionalAttributes":[{"key":"a"}]}},
                "channelData":{"channelData":{"additionalAttributes":[{"key":"a"}]},
                               "additionalAttributes":[{"key":"a","type":"Number","value":1}]},
                "ChannelData":5,"channeldata":[]}"#,
        )
        .await;
}

pub async fn a_channel_data_that_is_no_object_is_malformed(store: &Arc<dyn Store>) {
    for kind in
        KINDS.into_iter().chain(["[]", r#"[{"additionalAttributes":[]}]"#, r#"["additionalAttributes"]"#])
    {
        is_malformed(store, &format!(r#"{{"channelData":{kind}}}"#), Malformed::ChannelData).await;
    }
}

pub async fn additional_attributes_that_are_no_list_are_malformed(store: &Arc<dyn Store>) {
    for kind in KINDS.into_iter().chain(["{}", r#"{"0":{"key":"a"}}"#, r#"{"key":"a"}"#]) {
        is_malformed(store, &requests::with_list(kind), Malformed::AdditionalAttributes).await;
    }
}

pub async fn a_malformed_document_is_found_out_before_the_limit(store: &Arc<dyn Store>) {
    for (document, malformed) in [
        (r#"{"channelData":"text"}"#, Malformed::ChannelData),
        (r#"{"channelData":{"additionalAttributes":{"key":"a"}}}"#, Malformed::AdditionalAttributes),
    ] {
        let id = parsed::id(document);
        requests::create_all(&**store, std::slice::from_ref(&id), document).await;
        let item = requests::update_within(0, &id, ATTRIBUTE);
        let result = requests::execute(&**store, item).await;
        assert!(
            matches!(&result, Err(Error::ChannelDataMalformed(answered)) if *answered == malformed),
            "{result:?}"
        );
    }
}

/// What is neither null nor a container.
const KINDS: [&str; 8] = ["true", "false", "0", "-1.50", r#""""#, r#""[]""#, r#""{}""#, r#""null""#];

async fn is_malformed(store: &Arc<dyn Store>, document: &str, malformed: Malformed) {
    let id = parsed::id(document);
    requests::create_all(&**store, std::slice::from_ref(&id), document).await;
    let result = requests::execute(&**store, requests::update(&id, ATTRIBUTE)).await;
    assert!(
        matches!(&result, Err(Error::ChannelDataMalformed(answered)) if *answered == malformed),
        "{document}: {result:?}"
    );
    assert_eq!(requests::stored(&**store, &id).await, (parsed::value(document), 1));
    // Nothing to attach needs no place.
    let updated =
        requests::execute(&**store, requests::update(&id, "[]")).await.expect("an empty list is fine");
    assert_eq!((requests::answered(&updated), updated.changed), ((parsed::value(document), 1), false));
}

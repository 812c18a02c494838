//! Which sessions are active, and that data is attached to no others.

use std::sync::Arc;

use domain::{Error, store::Store};

use super::requests;
use crate::parsed;

const ATTRIBUTE: &str = r#"[{"key":"a","type":"Number","value":1}]"#;

pub async fn a_session_is_active_unless_it_says_otherwise(store: &Arc<dyn Store>) {
    is_active(store, "").await;
    is_active(store, r#""isActive":true"#).await;
    is_active(store, r#""active":true"#).await;
    is_active(store, r#""isActive":true,"active":true"#).await;
}

pub async fn is_active_false_makes_it_inactive(store: &Arc<dyn Store>) {
    is_inactive(store, r#""isActive":false"#).await;
    is_inactive(store, r#""isActive":false,"active":false"#).await;
    is_inactive(store, r#""isActive":false,"active":true"#).await;
    is_inactive(store, r#""isActive":false,"active":null"#).await;
}

pub async fn active_false_makes_it_inactive_where_is_active_is_absent(store: &Arc<dyn Store>) {
    is_inactive(store, r#""active":false"#).await;
}

pub async fn active_counts_for_nothing_where_is_active_is_there(store: &Arc<dyn Store>) {
    is_active(store, r#""isActive":true,"active":false"#).await;
    is_active(store, r#""isActive":null,"active":false"#).await;
    is_active(store, r#""isActive":"false","active":false"#).await;
}

pub async fn what_is_not_the_boolean_false_is_not_false(store: &Arc<dyn Store>) {
    for value in ["null", r#""false""#, "0", r#""""#, "[]", "[false]", "{}", r#"{"isActive":false}"#] {
        is_active(store, &format!(r#""isActive":{value}"#)).await;
        is_active(store, &format!(r#""active":{value}"#)).await;
    }
}

pub async fn other_members_say_nothing_about_it(store: &Arc<dyn Store>) {
    is_active(
        store,
        r#""IsActive":false,"isactive":false,"Active":false,"state":{"isActive":false,"active":false}"#,
    )
    .await;
}

pub async fn inactive_is_found_out_before_anything_about_the_list(store: &Arc<dyn Store>) {
    is_inactive(store, r#""isActive":false,"channelData":5"#).await;
    is_inactive(store, r#""active":false,"channelData":{"additionalAttributes":"x"}"#).await;
    let document = r#"{"isActive":false,"channelData":{"additionalAttributes":[1,2]}}"#;
    let id = parsed::id("limit");
    requests::create_all(&**store, std::slice::from_ref(&id), document).await;
    let item = requests::update_within(0, &id, ATTRIBUTE);
    let result = requests::execute(&**store, item).await;
    assert!(matches!(result, Err(Error::NotActive(_))), "{result:?}");
}

pub async fn nothing_to_attach_is_fine_only_for_active_sessions(store: &Arc<dyn Store>) {
    for (document, active) in [
        ("{}", true),
        (r#"{"isActive":true,"channelData":null}"#, true),
        (r#"{"channelData":{"additionalAttributes":null},"x":0.10}"#, true),
        (r#"{"isActive":false}"#, false),
        (r#"{"active":false,"channelData":{"additionalAttributes":[]}}"#, false),
    ] {
        let id = parsed::id(document);
        requests::create_all(&**store, std::slice::from_ref(&id), document).await;
        match requests::execute(&**store, requests::update(&id, "[]")).await {
            Ok(updated) => {
                assert!(active && !updated.changed, "{document}");
                assert_eq!(requests::answered(&updated), (parsed::value(document), 1));
            }
            Err(error) => assert!(!active && matches!(error, Error::NotActive(_)), "{document}: {error:?}"),
        }
        assert_eq!(requests::stored(&**store, &id).await, (parsed::value(document), 1));
    }
}

async fn is_active(store: &Arc<dyn Store>, members: &str) {
    let document = format!("{{{members}}}");
    let id = parsed::id(&format!("active {members}"));
    requests::create_all(&**store, std::slice::from_ref(&id), &document).await;
    let updated = requests::execute(&**store, requests::update(&id, ATTRIBUTE)).await;
    let updated = updated.unwrap_or_else(|error| panic!("{document}: {error}"));
    let comma = if members.is_empty() { "" } else { "," };
    let expected = format!(r#"{{{members}{comma}"channelData":{{"additionalAttributes":{ATTRIBUTE}}}}}"#);
    assert_eq!(requests::answered(&updated), (parsed::value(&expected), 2));
}

async fn is_inactive(store: &Arc<dyn Store>, members: &str) {
    let document = format!("{{{members}}}");
    let id = parsed::id(&format!("inactive {members}"));
    requests::create_all(&**store, std::slice::from_ref(&id), &document).await;
    for attributes in [ATTRIBUTE, "[]"] {
        let result = requests::execute(&**store, requests::update(&id, attributes)).await;
        assert!(
            matches!(&result, Err(Error::NotActive(answered)) if *answered == id),
            "{document}: {result:?}"
        );
    }
    assert_eq!(requests::stored(&**store, &id).await, (parsed::value(&document), 1));
}

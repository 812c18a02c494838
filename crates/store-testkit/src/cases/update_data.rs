//! What attaching attributes makes of a list: replacing in place, appending, changing nothing.

use std::sync::Arc;

use domain::{Error, store::Store};

use super::{requests, subject::Subject};
use crate::{parsed, seed};

pub async fn the_documented_request_changes_nothing_of_the_documented_session(store: &Arc<dyn Store>) {
    let subject = Subject::stored(store, seed::CHANNEL_SESSION).await;
    subject.stays(seed::UPDATE_DATA_REQUEST).await;
}

pub async fn another_value_changes_the_documented_session_where_it_stands(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, seed::CHANNEL_SESSION).await;
    let renamed = seed::CHANNEL_SESSION.replace("Haroon Ahmed1", "Jane Doe");
    subject.becomes(&seed::UPDATE_DATA_REQUEST.replace("Haroon Ahmed1", "Jane Doe"), &renamed).await;
}

pub async fn a_missing_session_is_not_found(store: &Arc<dyn Store>) {
    let id = parsed::id("missing");
    for attributes in ["[]", r#"[{"key":"a","type":"Number","value":1}]"#] {
        let result = requests::execute(&**store, requests::update(&id, attributes)).await;
        assert!(matches!(&result, Err(Error::NotFound(answered)) if *answered == id), "{result:?}");
    }
    let result = requests::get_one(&**store, &id).await;
    assert!(matches!(result, Err(Error::NotFound(_))), "{result:?}");
}

pub async fn an_entry_is_replaced_where_it_stands(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(
        store,
        r#"[{"key":"a","type":"Number","value":1},{"key":"b","type":"Number","value":2},
            {"key":"c","type":"Number","value":3}]"#,
    )
    .await;
    subject
        .list_becomes(
            r#"[{"key":"b","type":"Number","value":20}]"#,
            r#"[{"key":"a","type":"Number","value":1},{"key":"b","type":"Number","value":20},
                {"key":"c","type":"Number","value":3}]"#,
        )
        .await;
}

pub async fn type_and_value_are_replaced_each_by_itself_too(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, r#"[{"key":"a","type":"Number","value":1}]"#).await;
    for entry in [
        r#"[{"key":"a","type":"PositiveNumber","value":1}]"#,
        r#"[{"key":"a","type":"PositiveNumber","value":2}]"#,
        r#"[{"key":"a","type":"String50","value":{"deep":["text",null]}}]"#,
        r#"[{"key":"a","type":"String50","value":null}]"#,
    ] {
        subject.list_becomes(entry, entry).await;
    }
}

pub async fn other_members_of_an_entry_stay(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(
        store,
        r#"[{"key":"a","type":"Number","value":1,"since":0.10,"by":{"name":null},"":[]}]"#,
    )
    .await;
    subject
        .list_becomes(
            r#"[{"key":"a","type":"Number","value":2}]"#,
            r#"[{"key":"a","type":"Number","value":2,"since":0.10,"by":{"name":null},"":[]}]"#,
        )
        .await;
}

pub async fn a_member_that_an_entry_lacks_is_a_change_also_where_it_becomes_null(store: &Arc<dyn Store>) {
    let mut subject =
        Subject::with_list(store, r#"[{"key":"a","type":"Number"},{"key":"b","value":1}]"#).await;
    let attributes = r#"[{"key":"a","type":"Number","value":null},{"key":"b","type":"Number","value":1}]"#;
    subject.list_becomes(attributes, attributes).await;
}

pub async fn a_key_that_is_stored_twice_is_replaced_twice(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(
        store,
        r#"[{"key":"a","type":"Number","value":1},{"key":"b","type":"Number","value":2},
            {"key":"a","type":"String50","value":3,"x":1}]"#,
    )
    .await;
    subject
        .list_becomes(
            r#"[{"key":"a","type":"Number","value":9}]"#,
            r#"[{"key":"a","type":"Number","value":9},{"key":"b","type":"Number","value":2},
                {"key":"a","type":"Number","value":9,"x":1}]"#,
        )
        .await;
}

pub async fn an_appended_attribute_comes_last(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, r#"[{"key":"m","type":"Number","value":1}]"#).await;
    subject
        .list_becomes(
            r#"[{"key":"a","type":"Number","value":2}]"#,
            r#"[{"key":"m","type":"Number","value":1},{"key":"a","type":"Number","value":2}]"#,
        )
        .await;
}

pub async fn appended_attributes_keep_the_requests_order(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, r#"[{"key":"m","type":"Number","value":1}]"#).await;
    subject
        .list_becomes(
            r#"[{"key":"z","type":"Number","value":2},{"key":"m","type":"Number","value":3},
                {"key":"a","type":"Number","value":4},{"key":"k","type":"Number","value":5}]"#,
            r#"[{"key":"m","type":"Number","value":3},{"key":"z","type":"Number","value":2},
                {"key":"a","type":"Number","value":4},{"key":"k","type":"Number","value":5}]"#,
        )
        .await;
}

pub async fn a_key_that_is_repeated_in_a_request_ends_with_its_last_value(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, r#"[{"key":"b","type":"Number","value":0}]"#).await;
    subject
        .list_becomes(
            r#"[{"key":"a","type":"Number","value":1},{"key":"b","type":"Number","value":2},
                {"key":"a","type":"String50","value":"3"},{"key":"c","type":"Number","value":4},
                {"key":"b","type":"Number","value":5}]"#,
            r#"[{"key":"b","type":"Number","value":5},{"key":"a","type":"String50","value":"3"},
                {"key":"c","type":"Number","value":4}]"#,
        )
        .await;
}

pub async fn keys_compare_exactly(store: &Arc<dyn Store>) {
    // Case; two spellings of é; white space at the ends; letters that look alike; patterns.
    let keys =
        ["a", "A", "\u{e9}", "e\u{301}", "a ", " a", "\u{430}", "%", "_", "*", "ss", "\u{df}", "\u{200b}a"];
    let entry = |key: &str, value: &str| format!(r#"{{"key":"{key}","type":"String50","value":"{value}"}}"#);
    let list = |values: &[String]| {
        let entries: Vec<_> = keys.iter().zip(values).map(|(key, value)| entry(key, value)).collect();
        format!("[{}]", entries.join(","))
    };
    let mut values: Vec<String> = keys.iter().map(|_| "old".to_owned()).collect();
    let mut subject = Subject::with_list(store, &list(&values)).await;
    for (at, key) in keys.iter().enumerate() {
        values[at] = format!("new {at}");
        subject.list_becomes(&format!("[{}]", entry(key, &values[at])), &list(&values)).await;
    }
}

pub async fn keys_that_need_escapes_are_found_again(store: &Arc<dyn Store>) {
    let keys = [r#"\""#, r"\\", "'", "/", "{}", "a,b", "$.a", "a.b", "[0]", "💬", "#>", ":x", "$1", "NULL"];
    let list = |value: u8| {
        let entries: Vec<_> =
            keys.iter().map(|key| format!(r#"{{"key":"{key}","type":"Number","value":{value}}}"#)).collect();
        format!("[{}]", entries.join(","))
    };
    let mut subject = Subject::with_list(store, "[]").await;
    subject.limit(keys.len());
    subject.list_becomes(&list(1), &list(1)).await;
    subject.list_becomes(&list(2), &list(2)).await;
    subject.stays(&list(2)).await;
}

pub async fn a_key_of_255_four_byte_characters_is_found_again(store: &Arc<dyn Store>) {
    let list = |value: u8| format!(r#"[{{"key":"{}","type":"Number","value":{value}}}]"#, "💬".repeat(255));
    let mut subject = Subject::with_list(store, &list(1)).await;
    subject.list_becomes(&list(2), &list(2)).await;
}

pub async fn a_hundred_attributes_are_attached_at_once(store: &Arc<dyn Store>) {
    let list = |value: u8| {
        let entries: Vec<_> =
            (0..100).map(|at| format!(r#"{{"key":"k{at}","type":"Number","value":{value}}}"#)).collect();
        format!("[{}]", entries.join(","))
    };
    let mut subject = Subject::with_list(store, "[]").await;
    subject.limit(100);
    subject.list_becomes(&list(1), &list(1)).await;
    subject.list_becomes(&list(2), &list(2)).await;
}

pub async fn a_repeated_update_changes_nothing_more(store: &Arc<dyn Store>) {
    let attributes =
        r#"[{"key":"a","type":"Number","value":1},{"key":"b","type":"WebChannelData","value":{"c":[1,{}]}}]"#;
    let mut subject = Subject::with_list(store, "[]").await;
    subject.list_becomes(attributes, attributes).await;
    subject.stays(attributes).await;
    subject.stays(attributes).await;
}

pub async fn the_order_of_members_is_no_change(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(
        store,
        r#"[{"value":{"b":{"y":1,"x":2},"a":[{"q":1,"p":2}]},"type":"String50","key":"a"}]"#,
    )
    .await;
    subject.stays(r#"[{"key":"a","type":"String50","value":{"a":[{"p":2,"q":1}],"b":{"x":2,"y":1}}}]"#).await;
}

pub async fn a_numbers_scale_is_a_change(store: &Arc<dyn Store>) {
    let entry = |value: &str| format!(r#"[{{"key":"a","type":"Number","value":{value}}}]"#);
    let mut subject = Subject::with_list(store, &entry("0.1")).await;
    subject.stays(&entry("0.1")).await;
    for value in ["0.10", "0.1", r#"{"in":[0.1]}"#, r#"{"in":[0.10]}"#, "1", "1.0", r#""1.0""#] {
        subject.list_becomes(&entry(value), &entry(value)).await;
    }
}

pub async fn numbers_that_one_double_would_stand_for_differ(store: &Arc<dyn Store>) {
    let entry = |value: &str| format!(r#"[{{"key":"a","type":"Number","value":{value}}}]"#);
    let mut subject = Subject::with_list(store, &entry("9007199254740992")).await;
    for value in ["9007199254740993", "9007199254740992", "12345678901234567890", "12345678901234567891"] {
        subject.list_becomes(&entry(value), &entry(value)).await;
    }
    subject.stays(&entry("12345678901234567891")).await;
    subject.stays(&entry("1234567890123456789.1e1")).await;
}

pub async fn texts_that_look_alike_differ(store: &Arc<dyn Store>) {
    let entry = |value: &str| format!(r#"[{{"key":"a","type":"String50","value":{value}}}]"#);
    let mut subject = Subject::with_list(store, &entry("\"\u{e9}\"")).await;
    for value in [
        "\"e\u{301}\"",
        "\"E\u{301}\"",
        "\"\"",
        "\" \"",
        "null",
        r#""null""#,
        "false",
        r#""false""#,
        "[]",
        "{}",
        "[[]]",
    ] {
        subject.list_becomes(&entry(value), &entry(value)).await;
    }
}

pub async fn every_value_type_is_stored_by_its_name(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    for value_type in domain::value_type::ValueType::ALL {
        let entry = format!(r#"[{{"key":"a","type":"{}","value":null}}]"#, value_type.name());
        subject.list_becomes(&entry, &entry).await;
    }
}

//! How large a document may be: measured as JSON text without white space, to the byte.
//!
//! A database that prints JSON with spaces, or keeps it in another form, measures something else. Each case
//! fills a document with what would be counted wrongly.

use std::sync::Arc;

use domain::{Error, session::Document, store::Store};

use super::{requests, subject::Subject};
use crate::parsed;

/// Attaches an entry that fills the document to the last byte, and before that one that is a byte longer.
async fn fills_up(store: &Arc<dyn Store>, filler: &str) {
    let document = |list: &str, padding: usize| {
        format!(
            r#"{{"channelData":{{"additionalAttributes":[{list}]}},"filler":{filler},"padding":"{}"}}"#,
            "x".repeat(padding)
        )
    };
    let padding = Document::MAX_BYTES - document("", 0).len() - 1000;
    let entry =
        |value: usize| format!(r#"{{"key":"k","type":"String2000","value":"{}"}}"#, "v".repeat(value));
    let room = 1000 - entry(0).len();

    let mut subject = Subject::stored(store, &document("", padding)).await;
    is_one_too_large(&subject.refuses(&format!("[{}]", entry(room + 1))).await);
    let full = document(&entry(room), padding);
    assert_eq!(full.len(), Document::MAX_BYTES);
    subject.becomes(&format!("[{}]", entry(room)), &full).await;
    // Now by replacing.
    is_one_too_large(&subject.refuses(&format!("[{}]", entry(room + 1))).await);
    subject.becomes(&format!("[{}]", entry(room - 1)), &document(&entry(room - 1), padding)).await;
}

fn is_one_too_large(error: &Error) {
    const MAX: usize = Document::MAX_BYTES;
    assert!(
        matches!(error, Error::DocumentTooLarge { found, limit: answered } if (*found, *answered) == (MAX + 1, MAX)),
        "{error:?}"
    );
}

pub async fn separators_of_lists_count_without_spaces(store: &Arc<dyn Store>) {
    fills_up(store, &format!("[{}]", vec!["1"; 20_000].join(","))).await;
}

pub async fn separators_of_objects_count_without_spaces(store: &Arc<dyn Store>) {
    let members: Vec<_> = (0..10_000).map(|at| format!(r#""{at}":null"#)).collect();
    fills_up(store, &format!("{{{}}}", members.join(","))).await;
}

pub async fn empty_lists_and_objects_count_as_two_bytes(store: &Arc<dyn Store>) {
    fills_up(store, &format!("[{}]", vec!["[],{},[[]],\"\""; 3000].join(","))).await;
}

pub async fn what_looks_like_a_separator_inside_text_counts_in_full(store: &Arc<dyn Store>) {
    let text = r#"a, b: c ,  : \", \" \": \" ,\\\", \\\\\": "#.repeat(2000);
    fills_up(store, &format!(r#"["{text}",{{"{text}":", "}},": ","\", \"","\\","\\\\",", "]"#)).await;
}

pub async fn control_characters_count_as_they_are_escaped(store: &Arc<dyn Store>) {
    let controls: String = (1..0x20)
        .filter(|code| !matches!(code, 0x08 | 0x09 | 0x0a | 0x0c | 0x0d))
        .map(|code| format!("\\u{code:04x}"))
        .collect();
    let text = format!("{controls}\\b\\f\\n\\r\\t\\\"\\\\/\u{7f}\u{80}\u{2028}").repeat(200);
    fills_up(store, &format!(r#"["{text}",{{"{text}":1}}]"#)).await;
}

pub async fn characters_count_as_many_bytes_as_they_have_in_utf_8(store: &Arc<dyn Store>) {
    let text = "a\u{e9}\u{4e2d}💬\u{ffff}\u{10ffff}e\u{301}".repeat(2000);
    fills_up(store, &format!(r#"["{text}",{{"{text}":1}}]"#)).await;
}

pub async fn numbers_count_as_they_are_written_out(store: &Arc<dyn Store>) {
    let numbers =
        ["0.10", "-0.00001", "100000000000000000000000000", "0", "0.0", "12345678901234567890.1234567890"];
    let numbers: Vec<_> = numbers.into_iter().cycle().take(3000).collect();
    // Written out by hand, since what is asked here is the length of just this text.
    fills_up(store, &format!("[{}]", numbers.join(",")).replace("-0,", "0,")).await;
}

pub async fn a_list_that_is_made_counts_with_all_that_holds_it(store: &Arc<dyn Store>) {
    let entry =
        |value: usize| format!(r#"[{{"key":"k","type":"String2000","value":"{}"}}]"#, "v".repeat(value));
    let starts = [
        ("{\"padding\":\"", "\"}", "\",\"channelData\":{\"additionalAttributes\":", "}}"),
        (
            "{\"padding\":\"",
            "\",\"channelData\":null}",
            "\",\"channelData\":{\"additionalAttributes\":",
            "}}",
        ),
        (
            "{\"padding\":\"",
            "\",\"channelData\":{\"additionalAttributes\":null,\"x\":1}}",
            "\",\"channelData\":{\"additionalAttributes\":",
            ",\"x\":1}}",
        ),
    ];
    for (at, (start, end, open, close)) in starts.into_iter().enumerate() {
        let id = &requests::ids(at + 1)[at];
        let padding = "x".repeat(Document::MAX_BYTES - 1000);
        requests::create_all(&**store, std::slice::from_ref(id), &format!("{start}{padding}{end}")).await;
        let room = 1000 - start.len() - open.len() - close.len() - entry(0).len();

        let refused = requests::execute(&**store, requests::update(id, &entry(room + 1))).await;
        is_one_too_large(&refused.expect_err("a byte too much"));
        assert_eq!(
            requests::stored(&**store, id).await,
            (parsed::value(&format!("{start}{padding}{end}")), 1)
        );

        let updated =
            requests::execute(&**store, requests::update(id, &entry(room))).await.expect("it just fits");
        let full = format!("{start}{padding}{open}{}{close}", entry(room));
        assert_eq!(full.len(), Document::MAX_BYTES);
        assert_eq!(requests::answered(&updated), (parsed::value(&full), 2));
    }
}

pub async fn the_largest_documents_can_be_stored(store: &Arc<dyn Store>) {
    let ones = vec!["1"; Document::MAX_BYTES / 2 - 16].join(",");
    let padding = "x".repeat(Document::MAX_BYTES - format!(r#"{{"o":[{ones}],"p":""}}"#).len());
    let document = format!(r#"{{"o":[{ones}],"p":"{padding}"}}"#);
    assert_eq!(document.len(), Document::MAX_BYTES);
    let id = &requests::ids(1)[0];
    let created = requests::execute(&**store, requests::creation(id, &document)).await.expect("it just fits");
    assert_eq!(requests::answered(&created), (parsed::value(&document), 1));
    let unchanged = requests::execute(&**store, requests::update(id, "[]")).await.expect("nothing changes");
    assert!(!unchanged.changed);
}

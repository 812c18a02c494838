//! What the service does not own comes back as it went in, and so do values.

use std::sync::Arc;

use domain::{attribute::Attribute, session::Document, store::Store};
use json::Number;

use super::subject::Subject;
use crate::seed;

/// Stores the members in a document, around its list and inside it, and then changes the list.
async fn survive(store: &Arc<dyn Store>, members: &str) {
    let around = |list: &str| {
        format!(
            r#"{{{members},"channelData":{{"in":{{{members}}},
                "additionalAttributes":[{{"key":"kept",{members}}},{{{members}}}{list}]}}}}"#
        )
    };
    let mut subject = Subject::stored(store, &around("")).await;
    let attribute = format!(r#"{{"key":"new","type":"WebChannelData","value":{{{members}}}}}"#);
    subject.becomes(&format!("[{attribute}]"), &around(&format!(",{attribute}"))).await;
    subject.stays(&format!("[{attribute}]")).await;
}

pub async fn members_of_the_documented_session_survive(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, seed::CHANNEL_SESSION).await;
    let info = r#""browserName": "chrome""#;
    let changed = r#""browserName": "firefox""#;
    subject
        .becomes(
            &seed::UPDATE_DATA_REQUEST.replace(info, changed),
            &seed::CHANNEL_SESSION.replace(info, changed),
        )
        .await;
}

pub async fn members_of_other_versions_survive(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(
        store,
        r#"{"state":"STARTED","topicId":null,"roomInfo":{"mode":["x",{}]},"customerSla":{"n":0.10},
            "calendarId":"",
            "customer":{"_id":"x","anything":[null,[],{},[[{}]]],"__v":0},
            "channelData":{"more":{"additionalAttributes":{}}}}"#,
    )
    .await;
    subject
        .becomes(
            r#"[{"key":"a","type":"Number","value":1}]"#,
            r#"{"state":"STARTED","topicId":null,"roomInfo":{"mode":["x",{}]},"customerSla":{"n":0.10},
            "calendarId":"",
                "customer":{"_id":"x","anything":[null,[],{},[[{}]]],"__v":0},
                "channelData":{"more":{"additionalAttributes":{}},
                               "additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#,
        )
        .await;
}

pub async fn every_kind_of_value_survives(store: &Arc<dyn Store>) {
    survive(
        store,
        r#""a":null,"b":true,"c":false,"d":"","e":[],"f":{},"g":[null,[null],{"n":null}],"h":"null""#,
    )
    .await;
}

pub async fn numbers_survive_with_every_digit_and_their_scale(store: &Arc<dyn Store>) {
    survive(
        store,
        r#""a":12345678901234567890,"b":0.10,"c":0.1,"d":-0.100,"e":0,"f":0.0,"g":0.000,"h":-1,
           "i":9007199254740993,
           "j":3.141592653589793238462643383279,"k":100,"l":1.00,"m":0.000000000000000000001,
           "n":-9223372036854775809,
           "o":18446744073709551616,"p":[0.1,0.10,0.100]"#,
    )
    .await;
}

pub async fn numbers_with_exponents_come_back_written_out(store: &Arc<dyn Store>) {
    let entry = |value: &str| format!(r#"[{{"key":"a","type":"Number","value":{value}}}]"#);
    let mut subject = Subject::with_list(store, &entry("1.2e22")).await;
    let numbers =
        [("1e3", "1000"), ("1.5E-3", "0.0015"), ("1.50e+1", "15.0"), ("-0", "0"), ("100e-2", "1.00")];
    for (with_exponent, written_out) in numbers {
        subject.list_becomes(&entry(with_exponent), &entry(written_out)).await;
        subject.stays(&entry(written_out)).await;
    }
}

pub async fn the_longest_numbers_survive(store: &Arc<dyn Store>) {
    let digits = |count: usize| "1234567890".repeat(count / 10 + 1)[..count].to_owned();
    let whole = digits(Number::MAX_CHARS);
    let negative = format!("-{}", digits(Number::MAX_CHARS - 1));
    let fraction = format!("0.{}", digits(Number::MAX_CHARS - 2));
    let trailing = format!("-0.{}0", "0".repeat(Number::MAX_CHARS - 4));
    let middle = format!("{}.{}", digits(200), digits(Number::MAX_CHARS - 201));
    let written_out = "1e399";
    survive(
        store,
        &format!(
            r#""a":{whole},"b":{negative},"c":{fraction},"d":{trailing},"e":{middle},"f":{written_out}"#
        ),
    )
    .await;
}

pub async fn text_of_every_unicode_plane_survives(store: &Arc<dyn Store>) {
    let planes: Vec<char> = (0..=16)
        .flat_map(|plane: u32| [0x0001, 0x4e2d, 0xfdd0, 0xfffd, 0xfffe, 0xffff].map(|at| plane << 16 | at))
        .filter_map(char::from_u32)
        .filter(|char| !char.is_control())
        .collect();
    let text: String = planes.iter().collect();
    let members: Vec<_> = planes.iter().map(|char| format!(r#""{char}":"{char}{char}""#)).collect();
    survive(store, &format!(r#""text":"{text}",{}"#, members.join(","))).await;
}

pub async fn text_that_others_would_normalise_survives(store: &Arc<dyn Store>) {
    // Each becomes a name, too.
    let texts = [
        "\u{e9}",
        "e\u{301}",
        "a\u{300}\u{301}\u{302}\u{323}",
        "\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd} abc \u{202c}",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦",
        "🇩🇪🏴\u{e0067}\u{e0062}\u{e007f}",
        "\u{feff}",
        " \u{a0}\u{2003}\u{3000} ",
        "\u{2028}\u{2029}\u{85}",
        "\u{fb01}",
        "\u{212b}",
    ];
    survive(store, &texts.map(|text| format!(r#""{text}":"{text}""#)).join(",")).await;
}

pub async fn text_with_escapes_survives(store: &Arc<dyn Store>) {
    let controls: String = (1..0x20).map(|code| format!("\\u{code:04x}")).collect();
    survive(
        store,
        &format!(
            r#""controls":"{controls}","{controls}":"name","quotes":"\"'`\\\/","short":"\b\f\n\r\t",
               "backslashes":"\\u0041\\n\\\\",
               "del":"\u007f","pair":"\ud83d\udcac","a\"b":1,"a\\b":2,"a'b":3,
               "separators":", : ,  :  {{}} []","html":"<&>""#
        ),
    )
    .await;
}

pub async fn names_that_mean_something_to_a_parser_survive(store: &Arc<dyn Store>) {
    survive(
        store,
        r#""$serde_json::private::Number":"1","$serde_json::private::RawValue":"[]","":0," ":1,"$":2,
           "$.a":3,"a.b":4,"[0]":5,
           "0":6,"-1":7,"{a,b}":8,"*":9,"__proto__":{"x":1},"constructor":null,"null":10,
           "'":11,"💬":12,"@type":13,
           "o":{"$serde_json::private::Number":"5"},"p":[{"$serde_json::private::RawValue":"5"}],
           "q":{"":{"":{"":[]}}}"#,
    )
    .await;
}

pub async fn names_that_differ_little_stay_apart(store: &Arc<dyn Store>) {
    let names = ["a", "A", "a ", " a", "\u{e9}", "e\u{301}", "aa", "\u{430}", "0", "00", "-0", "\u{200b}a"];
    let members: Vec<_> = names.iter().enumerate().map(|(at, name)| format!(r#""{name}":{at}"#)).collect();
    survive(store, &members.join(",")).await;
}

pub async fn names_and_texts_of_great_length_survive(store: &Arc<dyn Store>) {
    let long = "💬 ".repeat(12_000);
    let subject = Subject::stored(store, &format!(r#"{{"{long}":"{long}","list":["{long}"]}}"#)).await;
    subject.stays("[]").await;
}

pub async fn the_deepest_documents_survive(store: &Arc<dyn Store>) {
    let arrays = Document::MAX_DEPTH - 1;
    let deep = format!(r#""a":{}{}"#, "[".repeat(arrays), "]".repeat(arrays));
    let objects = format!(r#""o":{}0.10{}"#, r#"{"a":"#.repeat(arrays), "}".repeat(arrays));
    let mut subject = Subject::stored(store, &format!("{{{deep},{objects}}}")).await;
    let value =
        format!("{}1{}", "[".repeat(Attribute::MAX_VALUE_DEPTH), "]".repeat(Attribute::MAX_VALUE_DEPTH));
    let list = format!(r#"[{{"key":"deep","type":"String50","value":{value}}}]"#);
    subject
        .becomes(&list, &format!(r#"{{{deep},{objects},"channelData":{{"additionalAttributes":{list}}}}}"#))
        .await;
}

pub async fn wide_objects_and_long_lists_survive(store: &Arc<dyn Store>) {
    let members: Vec<_> = (0..2000).map(|at| format!(r#""member {at}":{at}.0"#)).collect();
    let items: Vec<_> = (0..5000).map(|at| at.to_string()).collect();
    let document = format!(r#"{{"o":{{{}}},"l":[{}]}}"#, members.join(","), items.join(","));
    let subject = Subject::stored(store, &document).await;
    subject.stays("[]").await;
}

pub async fn the_largest_values_survive(store: &Arc<dyn Store>) {
    let text = "x".repeat(Attribute::MAX_VALUE_BYTES - 2);
    let ones = vec!["1"; Attribute::MAX_VALUE_BYTES / 2 - 1].join(",");
    let list = format!(
        r#"[{{"key":"text","type":"String2000","value":"{text}"}},
            {{"key":"ones","type":"String2000","value":[{ones}]}}]"#
    );
    let mut subject = Subject::with_list(store, "[]").await;
    subject.list_becomes(&list, &list).await;
    subject.stays(&list).await;
}

//! Exactness, by example and by property.

use proptest::prelude::*;

use super::{strategy::any_value, *};

fn parsed(text: &str) -> Result<Value, Vec<Problem>> {
    let raw = syntax(text).expect("the test's JSON is valid");
    parse(raw.get(), 64, &Path::root("")).map(Tree::into_owned)
}

fn canonical(text: &str) -> String {
    parsed(text).expect("the test's value is allowed").to_text()
}

fn rules(text: &str) -> Vec<&'static str> {
    parsed(text).expect_err("the value should be refused").iter().map(|problem| problem.rule).collect()
}

#[test]
fn numbers_keep_every_digit_and_their_scale() {
    for (text, expected) in [
        ("12345678901234567890", "12345678901234567890"),
        ("0.10", "0.10"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("1e3", "1000"),
        ("1.50e1", "15.0"),
        ("1.5e-3", "0.0015"),
        ("100E-2", "1.00"),
        ("0.05e1", "0.5"),
        ("-12.5e+1", "-125"),
        ("0e999999999999999999999", "0"),
        ("0.00e1", "0.0"),
        ("123e-5", "0.00123"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn numbers_are_measured_as_written_out() {
    let fits = "1".repeat(Number::MAX_CHARS);
    assert_eq!(canonical(&fits), fits);
    assert_eq!(canonical("1e399").len(), Number::MAX_CHARS);
    for text in [
        "1e400",
        "-1e399",
        "1e-399",
        "1e131071",
        "1e-9223372036854775808",
        "0e-500",
        "1e99999999999999999999",
    ] {
        assert_eq!(rules(text), ["number_length"], "{text}");
    }
}

#[test]
fn doubles_become_the_text_that_javascript_would_write_without_exponent() {
    for (double, text) in [(5.0, "5"), (0.1, "0.1"), (-0.0, "0"), (1e21, "1000000000000000000000")] {
        assert_eq!(Number::from_double(double).expect("finite").as_str(), text);
    }
    for double in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -5e-324, 2.225_073_858_507_201e-308] {
        let number = Number::from_double(double).expect("finite");
        assert!(number.as_str().len() <= Number::MAX_CHARS, "{number:?}");
        assert_eq!(number.to_double(), (double, true));
    }
    assert_eq!(Number::from_double(f64::NAN), None);
    assert_eq!(Number::from_double(f64::INFINITY), None);
}

#[test]
fn the_last_of_repeated_names_counts_and_order_does_not() {
    assert_eq!(canonical(r#"{"b":1,"a":2,"b":3,"aa":4}"#), r#"{"a":2,"b":3,"aa":4}"#);
    assert_eq!(parsed(r#"{"b":1,"a":2}"#), parsed(r#"{"a":2,"b":1}"#));
    assert_ne!(parsed("0.1"), parsed("0.10"));
}

#[test]
fn names_that_a_parser_uses_for_itself_are_names_like_any() {
    for name in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        let text = format!(r#"{{"{name}":"1"}}"#);
        assert_eq!(canonical(&text), text);
    }
}

#[test]
fn what_is_refused_is_refused_wherever_it_appears_and_all_of_it() {
    assert_eq!(
        rules(r#"["\u0000", {"a\u0000": 1}, "\ud800", {"\udc00": 1}, 1e400]"#),
        ["no_nul", "no_nul", "unicode", "unicode", "number_length"]
    );
    let problems = parsed(r#"{"a":{"b":[1,"\u0000"]}}"#).expect_err("refused");
    assert_eq!(problems[0].path, "a.b[1]");
}

#[test]
fn depth_is_counted_in_arrays_and_objects() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(parsed(&nested(64)).expect("64 are allowed").depth(), 64);
    assert_eq!(rules(&nested(65)), ["depth"]);
    assert_eq!(rules(&nested(10_000)), ["depth"]);
}

#[test]
fn what_closes_something_that_was_never_opened_is_passed_over() {
    assert!(parse(r#"{"\u0000":]}"#, 64, &Path::root("")).is_err());
}

/// What JSON is made of, whole and broken.
const PARTS: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"a\"",
    "1e",
    "tru",
    "é",
    " ",
    "\0",
];

proptest! {
    /// A store's text that other hands have damaged comes to an end too, whatever value that is.
    #[test]
    fn what_is_no_json_ends_all_the_same(parts in prop::collection::vec(0..PARTS.len(), 0..24), depth in 0_usize..4) {
        let text: String = parts.into_iter().map(|part| PARTS[part]).collect();
        let _ = parse(&text, depth, &Path::root(""));
    }

    #[test]
    fn a_json_that_is_cut_off_ends_all_the_same(value in any_value(), part in 0.0..1.0) {
        let text = value.to_text();
        let end = text.floor_char_boundary((text.len() as f64 * part) as usize);
        let _ = parse(&text[..end], 64, &Path::root(""));
    }

    #[test]
    fn a_value_survives_its_text(value in any_value()) {
        prop_assert_eq!(parsed(&value.to_text()), Ok(value));
    }

    #[test]
    fn the_text_is_json_that_another_parser_reads_alike(value in any_value()) {
        let text = value.to_text();
        let other: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
        // Through the other parser and back, strings and structure stay; numbers may have been rounded.
        let again = parsed(&other.to_string()).expect("allowed");
        prop_assert_eq!(again.depth(), value.depth());
        if let (Value::String(a), Value::String(b)) = (&again, &value) {
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn exponents_move_the_point_and_nothing_else(digits in "[1-9][0-9]{0,20}", exponent in 0usize..20) {
        let whole = canonical(&format!("{digits}e{exponent}"));
        prop_assert_eq!(whole, digits.clone() + &"0".repeat(exponent));
        let small = canonical(&format!("{digits}e-{exponent}"));
        prop_assert_eq!(small.split_once('.').map_or(0, |(_, fraction)| fraction.len()), exponent);
        let bare: String = small.replace('.', "");
        prop_assert_eq!(bare.trim_start_matches('0'), digits);
    }
}

#[test]
fn a_value_reports_a_hundred_problems_and_is_not_looked_at_any_further() {
    for part in [r#""\u0000""#, r#""\ud800""#, "1e999", r#"{"\u0000":[1,{}]}"#, r#"{"\ud800":[1,{}],"a":1}"#]
    {
        let text = format!("[[{}],{{\"a\":1}}]", [part; 1000].join(" , "));
        assert_eq!(rules(&text).len(), 100, "{part}");
    }
}

/// A number of five characters can be one of four hundred, and a text of megabytes one of gigabytes.
#[test]
fn a_text_is_built_up_to_a_number_of_bytes() {
    let within = |text: &str, max| parse_within(text, 64, max, &Path::root("")).map(|value| value.to_text());
    for text in [r#"{"a":[1,true,null,"x"],"b":{}}"#, "[]", "[[],[0.10]]", r#""text""#, "12"] {
        assert_eq!(within(text, text.len()).as_deref(), Ok(text));
        assert_eq!(within(text, text.len() - 1), Err(Refused::TooLong(text.len())), "{text}");
    }
    let numbers = format!("[{}]", vec!["1e399"; 1000].join(","));
    assert_eq!(within(&numbers, 10_000), Err(Refused::TooLong(10_001)));
    assert_eq!(within(&numbers, 401_001).map(|text| text.len()), Ok(401_001));
    // What comes before the end is found.
    let wrong = format!("[1e400,{}]", vec!["1e399"; 1000].join(","));
    assert!(matches!(within(&wrong, 10_000), Err(Refused::Problems(problems)) if problems.len() == 1));
}

#[test]
fn a_list_has_its_items_or_is_counted() {
    let items = |text: &str, max| {
        let items = crate::items(syntax(text).expect(text), max);
        items.map(|items| items.iter().map(|item| item.get().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(items("[]", 0), Ok(vec![]));
    assert_eq!(
        items(r#"[1, {"a":[2,3]},null]"#, 3),
        Ok(vec!["1".into(), r#"{"a":[2,3]}"#.into(), "null".into()])
    );
    assert_eq!(items("[1,[2,3],4,5]", 3), Err(NoItems::TooMany(4)));
    assert_eq!(items("[1]", 0), Err(NoItems::TooMany(1)));
    for other in ["{}", "null", "1", r#""[]""#] {
        assert_eq!(items(other, 3), Err(NoItems::NotAList), "{other}");
    }
}

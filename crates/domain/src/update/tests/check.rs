//! The rules for a request as a whole, all of them reported.

use super::*;
use json::Problem;

fn draft(key: &str) -> Draft {
    Draft {
        key: Member::Given(key.to_owned()),
        type_name: Member::Given("Number".to_owned()),
        value: Member::Given(literal("1")),
        ..Draft::default()
    }
}

fn requires(key: &str, value: &str) -> PreconditionDraft {
    PreconditionDraft { key: key.to_owned(), value: Member::Given(literal(value)), absent: false }
}

fn check(
    attributes: Vec<Draft>,
    remove_keys: &[&str],
    preconditions: Vec<PreconditionDraft>,
) -> Result<Update, Error> {
    let remove_keys = remove_keys.iter().map(|key| (*key).to_owned()).collect();
    Update::check(attributes, remove_keys, preconditions, ValueRules::Strict, LIMIT)
}

fn violations(checked: Result<Update, Error>) -> Vec<(String, Option<String>, &'static str)> {
    match checked {
        Err(Error::InvalidAttributes(violations)) => {
            violations.into_iter().map(|Violation { field, key, rule, .. }| (field, key, rule)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn named(
    field: &str,
    key: impl Into<Option<&'static str>>,
    rule: &'static str,
) -> (String, Option<String>, &'static str) {
    (field.to_owned(), key.into().map(str::to_owned), rule)
}

#[test]
fn a_request_within_its_rules_is_taken_whole() {
    let absent = PreconditionDraft { key: "c".to_owned(), absent: true, ..PreconditionDraft::default() };
    let update =
        check(vec![draft("a")], &["b", "b"], vec![requires("a", "0.10"), absent]).expect("within its rules");
    assert_eq!(update.attributes.to_value(), literal(r#"[{"key":"a","type":"Number","value":1}]"#));
    assert_eq!(update.remove_keys, ["b", "b"]);
    assert_eq!(update.max_attributes, LIMIT);
    let expected = |key: &str, expected| Precondition { key: key.to_owned(), expected };
    let value = Expected::Value(literal("0.10"));
    assert_eq!(update.preconditions, [expected("a", value), expected("c", Expected::Absent)]);
    assert!(check(Vec::new(), &[], Vec::new()).expect("nothing to do is fine").attributes.is_empty());
}

#[test]
fn every_violation_of_every_part_is_reported() {
    let unreadable = PreconditionDraft {
        key: "k".to_owned(),
        value: Member::Unreadable(vec![Problem {
            path: "a[0]".to_owned(),
            rule: "no_nul",
            description: "must not".to_owned(),
        }]),
        absent: false,
    };
    let both = PreconditionDraft { absent: true, ..requires("both", "1") };
    let neither = PreconditionDraft { key: " ".to_owned(), ..PreconditionDraft::default() };
    let checked = check(
        vec![draft("a"), Draft { value: Member::Missing, ..draft("b") }, draft("")],
        &["ok", "", "a\u{7}", " ", "a"],
        vec![requires("", "1"), both, neither, unreadable, requires("fine", "null")],
    );
    assert_eq!(
        violations(checked),
        [
            named("attributes[1].value", "b", "required"),
            named("attributes[2].key", "", "length"),
            named("remove_keys[1]", "", "length"),
            named("remove_keys[2]", "a\u{7}", "no_control_characters"),
            named("remove_keys[3]", " ", "not_blank"),
            named("remove_keys[4]", "a", "one_of"),
            named("preconditions[0].key", "", "length"),
            named("preconditions[1]", "both", "one_of"),
            named("preconditions[2].key", " ", "not_blank"),
            named("preconditions[2]", " ", "one_of"),
            named("preconditions[3].value", "k", "no_nul"),
        ]
    );
}

#[test]
fn where_in_an_expected_value_the_problem_is_is_said() {
    let problem = Problem { path: "a[0]".to_owned(), rule: "no_nul", description: "must not".to_owned() };
    let value = Member::Unreadable(vec![problem]);
    let refused =
        check(Vec::new(), &[], vec![PreconditionDraft { key: "k".to_owned(), value, absent: false }]);
    let Err(Error::InvalidAttributes(violations)) = refused else { panic!("{refused:?}") };
    assert_eq!(violations[0].description, "must not (at a[0])");
}

#[test]
fn a_key_is_not_both_attached_and_removed_whatever_else_is_wrong_with_it() {
    assert_eq!(
        violations(check(vec![draft("k")], &["x", "k"], Vec::new())),
        [named("remove_keys[1]", "k", "one_of")]
    );
    let wrong = Draft { type_name: Member::Given("Nummer".to_owned()), ..draft("k") };
    assert_eq!(
        violations(check(vec![wrong], &["k"], Vec::new())),
        [named("attributes[0].type", "k", "value_type"), named("remove_keys[0]", "k", "one_of")]
    );
    assert!(check(vec![draft("k")], &["K"], Vec::new()).is_ok());
}

#[test]
fn a_key_that_is_too_long_is_named_by_its_beginning() {
    let long = "💬".repeat(Attribute::MAX_KEY_CHARS + 1);
    let shown: String = long.chars().take(Attribute::MAX_KEY_CHARS).collect();
    let refused = violations(check(Vec::new(), &[&long], vec![requires(&long, "1")]));
    assert_eq!(
        refused,
        [
            ("remove_keys[0]".to_owned(), Some(shown.clone()), "length"),
            ("preconditions[0].key".to_owned(), Some(shown), "length")
        ]
    );
}

#[test]
fn each_part_has_its_number_which_is_looked_at_before_what_is_in_it() {
    let attributes = |count: usize| (0..count).map(|_| draft("k")).collect::<Vec<_>>();
    let preconditions = |count: usize| (0..count).map(|_| requires("k", "1")).collect::<Vec<_>>();
    assert!(check(attributes(100), &["r"; 100], preconditions(100)).is_ok());
    for (refused, part) in [
        (check(attributes(101), &[""], Vec::new()), "number of attributes"),
        (check(Vec::new(), &[""; 101], Vec::new()), "number of keys to remove"),
        (check(vec![draft("")], &[], preconditions(101)), "number of preconditions"),
    ] {
        assert!(
            matches!(refused, Err(Error::RequestTooLarge { what, found: 101, limit: 100 }) if what == part),
            "{refused:?}"
        );
    }
}

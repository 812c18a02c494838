//! Random values, documents and attributes, for properties of stores and of the whole service.
//!
//! What is generated is within the domain's rules, and otherwise as implausible as those allow. Keys come
//! from a small pool, so that attributes meet stored entries.

pub mod command;

use std::{env, fmt};

use domain::{
    attribute::{Attribute, Attributes},
    precondition::{Expected, Precondition},
    session::Document,
    update::Update,
    value_type::ValueType,
};
use json::{Number, Value};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::parsed;

/// The keys of generated attributes and entries: some that a sloppy comparison would take for each other.
pub const KEYS: [&str; 10] =
    ["a", "A", "a ", "\u{e9}", "e\u{301}", "key", "say \"key\"", "back\\slash", "100%_{,}", "\u{1f4ac}"];

/// How often a property is tried: as `PROPTEST_CASES` says, or else what takes a few seconds on a slow store.
#[must_use]
pub fn cases() -> u32 {
    const CASES: u32 = 200;
    env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

/// The same numbers for the same task of the same round, always.
pub(crate) fn runner(round: u32, task: usize) -> TestRunner {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&round.to_le_bytes());
    seed[4..12].copy_from_slice(&(task as u64).to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// The next one of what is generated.
pub(crate) fn next<T: fmt::Debug>(strategy: &impl Strategy<Value = T>, runner: &mut TestRunner) -> T {
    strategy.new_tree(runner).expect("no strategy here refuses values").current()
}

/// Any JSON value, at most six arrays or objects deep.
pub fn any_value() -> impl Strategy<Value = Value> {
    any_scalar().prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((any_name(), inner), 0..6).prop_map(object),
        ]
    })
}

/// Any document: one that the service can attach data to, more often than not, and any that it cannot.
pub fn any_document() -> impl Strategy<Value = Document> {
    let flag = || {
        prop_oneof![
            6 => Just(None),
            4 => Just(Some(Value::Bool(true))),
            2 => Just(Some(Value::Bool(false))),
            1 => select(vec!["null", "\"false\"", "0", "\"\"", "[]", "[false]", "{}"])
                .prop_map(|text| Some(parsed::value(text))),
        ]
    };
    (vec((any_name(), any_value()), 0..5), flag(), flag(), any_channel_data()).prop_map(
        |(mut members, is_active, active, channel_data)| {
            let named = [("isActive", is_active), ("active", active), ("channelData", channel_data)];
            members.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
            Document::try_from(object(members)).expect("a generated document is small")
        },
    )
}

/// Any list of up to six attributes, with keys of [`KEYS`]. Values need not fit their types.
pub fn any_attributes() -> impl Strategy<Value = Attributes> {
    vec(any_attribute(), 0..=6).prop_map(|attributes| attributes.into_iter().collect())
}

/// Any update with keys of [`KEYS`]: what it attaches, removes and requires, and how far the list may grow.
pub fn any_update() -> impl Strategy<Value = Update> {
    let keys = || vec(select(KEYS.to_vec()), 0..3);
    let expected = prop_oneof![Just(Expected::Absent), any_attribute_value().prop_map(Expected::Value)];
    let precondition = (select(KEYS.to_vec()), expected)
        .prop_map(|(key, expected)| Precondition { key: key.to_owned(), expected });
    // Most updates require nothing, since most of what is required at random is not so.
    let preconditions = prop_oneof![4 => Just(Vec::new()), 1 => vec(precondition, 1..3)];
    (any_attributes(), keys(), preconditions, 0_usize..9).prop_map(
        |(attributes, keys, preconditions, max_attributes)| {
            let is_attached = |key: &&str| attributes.iter().any(|attribute| attribute.key == *key);
            let remove_keys = keys.into_iter().filter(|key| !is_attached(key)).map(str::to_owned).collect();
            Update { attributes, remove_keys, preconditions, max_attributes }
        },
    )
}

/// Any attribute with a key of [`KEYS`].
pub fn any_attribute() -> impl Strategy<Value = Attribute> {
    (select(KEYS.to_vec()), any_value_type(), any_attribute_value())
        .prop_map(|(key, value_type, value)| Attribute { key: key.to_owned(), value_type, value })
}

/// Any of the value types.
pub fn any_value_type() -> impl Strategy<Value = ValueType> {
    select(ValueType::ALL.to_vec())
}

/// Any number that the service takes, up to the longest, with any scale.
pub fn any_number() -> impl Strategy<Value = Number> {
    let text = prop_oneof![
        8 => "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,8})?",
        1 => "-?[1-9](\\.[0-9]{1,3})?e-?[0-9]{1,2}",
        1 => "-?[1-9][0-9]{397,398}",
        1 => "-?0\\.[0-9]{397}",
    ];
    text.prop_map(|text| match parsed::value(&text) {
        Value::Number(number) => number,
        other @ (Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            unreachable!("{text} is a number, and not {other}")
        }
    })
}

fn any_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        3 => any_number().prop_map(Value::Number),
        3 => any_text().prop_map(|text| Value::String(text.into())),
    ]
}

/// Any text without U+0000, with what JSON escapes and what separates its parts more often than by chance.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>().prop_map(|text| text.replace('\0', "")),
        1 => "[\u{1}-\u{1f}\"\\\\/\u{7f}\u{2028}]{0,8}",
        1 => "([,:] |[{}\\[\\]\"a]){0,8}",
        1 => "[\u{e000}-\u{f8ff}\u{fffe}\u{ffff}\u{1f300}-\u{1faff}\u{10fffe}\u{10ffff}]{0,4}",
    ]
}

/// Any name of a member: also those that mean something elsewhere in a document.
fn any_name() -> impl Strategy<Value = String> {
    let known = [
        "",
        "key",
        "value",
        "type",
        "id",
        "channelData",
        "additionalAttributes",
        "isActive",
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
    ];
    prop_oneof![2 => any_text(), 1 => select(known.to_vec()).prop_map(str::to_owned)]
}

fn any_channel_data() -> impl Strategy<Value = Option<Value>> {
    let holding = |list: Option<Value>, mut members: Vec<(String, Value)>| {
        members.extend(list.map(|list| ("additionalAttributes".to_owned(), list)));
        Some(object(members))
    };
    let with_list = (any_list(), vec((any_name(), any_value()), 0..3))
        .prop_map(move |(list, members)| holding(Some(list), members));
    let without_list = vec((any_name(), any_scalar()), 0..3).prop_map(move |members| holding(None, members));
    let with_anything = any_value().prop_map(move |list| holding(Some(list), Vec::new()));
    prop_oneof![
        12 => with_list,
        2 => without_list,
        2 => with_anything,
        1 => any_value().prop_map(Some),
        1 => Just(None),
    ]
}

fn any_list() -> impl Strategy<Value = Value> {
    vec(prop_oneof![4 => any_entry(), 1 => any_value()], 0..6).prop_map(Value::Array)
}

/// An entry as other systems may have left it: with more members, or with fewer, or with other kinds.
fn any_entry() -> impl Strategy<Value = Value> {
    let text = |text: &'static str| Value::String(text.into());
    let key = prop_oneof![8 => select(KEYS.to_vec()).prop_map(text), 1 => any_value()];
    let value_type =
        prop_oneof![4 => any_value_type().prop_map(move |known| text(known.name())), 1 => any_value()];
    let members = (
        option::weighted(0.9, key),
        option::weighted(0.9, value_type),
        option::weighted(0.9, any_attribute_value()),
        vec((any_name(), any_scalar()), 0..2),
    );
    members.prop_map(|(key, value_type, value, mut members)| {
        let named = [("key", key), ("type", value_type), ("value", value)];
        members.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        object(members)
    })
}

/// Any value, with a few that come often, so that an attribute now and then has the value that is there.
fn any_attribute_value() -> impl Strategy<Value = Value> {
    let often = ["null", "1", "1.0", "\"1\"", "true", "{\"a\":1,\"b\":[]}"];
    prop_oneof![select(often.to_vec()).prop_map(parsed::value), any_value()]
}

fn object(members: Vec<(String, Value)>) -> Value {
    Value::Object(members.into_iter().collect())
}

//! Random calls of a few sessions with few keys and few values, so that callers get in each other's way.

use domain::{
    attribute::{Attribute, Attributes},
    command::{Command, Create, Delete, End, Existing, Operation},
    list::Filter,
    precondition::{Expected, Precondition, RevisionMatch},
    session::{Document, Id, Revision},
    update::Update,
    value_type::ValueType,
};
use json::Value;
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::parsed;

/// Two keys that a sloppy comparison would take for each other, and one more.
const KEYS: [&str; 3] = ["a", "A", "\u{1f4ac}"];

/// What a caller does next.
#[derive(Debug, Clone)]
pub enum Call {
    /// Commands, in one call.
    Command(Vec<Planned>),
    /// One of those that come again under the same request id; its number says which.
    Repeat(usize),
    /// Fetches a session.
    Get(Id),
    /// Lists sessions.
    List(Filter),
}

/// A command that a caller is about to ask for.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The command.
    pub command: Command,
    /// Whether it requires the revision that the caller saw last.
    pub requires_seen: bool,
}

/// Any call of one of some sessions.
pub fn any_call(ids: Vec<Id>) -> impl Strategy<Value = Call> {
    prop_oneof![
        10 => vec(any_planned(ids.clone()), 1).prop_map(Call::Command),
        2 => vec(any_planned(ids.clone()), 2..5).prop_map(Call::Command),
        5 => (0_usize..6).prop_map(Call::Repeat),
        2 => select(ids).prop_map(Call::Get),
        1 => any_filter().prop_map(Call::List),
    ]
}

fn any_planned(ids: Vec<Id>) -> impl Strategy<Value = Planned> {
    (any_command(ids), prop::bool::weighted(0.2), prop::bool::weighted(0.1)).prop_map(
        |(command, requires_seen, validate_only)| Planned {
            command: Command { validate_only, ..command },
            requires_seen,
        },
    )
}

/// Any command of one of some sessions.
pub fn any_command(ids: Vec<Id>) -> impl Strategy<Value = Command> {
    let revision = prop_oneof![
        12 => Just(None),
        1 => Just(Some(RevisionMatch::Any)),
        1 => vec((0_i64..40).prop_map(Revision::new), 0..4).prop_map(|some| Some(RevisionMatch::OneOf(some))),
    ];
    (select(ids), any_operation(), revision)
        .prop_map(|(id, operation, revision)| Command { revision, ..parsed::command(id, operation) })
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let existing =
        prop_oneof![1 => Just(Existing::Refuse), 1 => Just(Existing::Keep), 2 => Just(Existing::Replace)];
    let end = select(vec!["CUSTOMER", "AGENT"])
        .prop_map(|reason| End { state: "ENDED".to_owned(), reason_code: reason.to_owned() });
    prop_oneof![
        60 => any_small_update().prop_map(Operation::Update),
        12 => (any_small_document(), existing)
            .prop_map(|(document, existing)| Operation::Create(Create { document, existing })),
        1 => end.prop_map(Operation::End),
        1 => any::<bool>().prop_map(|allow_missing| Operation::Delete(Delete { allow_missing })),
    ]
}

fn any_small_update() -> impl Strategy<Value = Update> {
    let expected = prop_oneof![Just(Expected::Absent), any_small_value().prop_map(Expected::Value)];
    let precondition = (any_key(), expected).prop_map(|(key, expected)| Precondition { key, expected });
    let preconditions = prop_oneof![5 => Just(Vec::new()), 1 => vec(precondition, 1..3)];
    (vec(any_small_attribute(), 1..3), vec(any_key(), 0..2), preconditions, 2_usize..7).prop_map(
        |(attributes, keys, preconditions, max_attributes)| {
            let attributes: Attributes = attributes.into_iter().collect();
            let is_attached = |key: &String| attributes.iter().any(|attribute| attribute.key == *key);
            let remove_keys = keys.into_iter().filter(|key| !is_attached(key)).collect();
            Update { attributes, remove_keys, preconditions, max_attributes }
        },
    )
}

fn any_small_document() -> impl Strategy<Value = Document> {
    let flag = || prop_oneof![30 => Just("true"), 1 => Just("false")].prop_map(parsed::value);
    let texts = |texts: &[&'static str]| option::of(select(texts.to_vec()).prop_map(parsed::value));
    let list = vec(any_small_entry(), 0..4)
        .prop_map(|list| super::object(vec![("additionalAttributes".to_owned(), Value::Array(list))]));
    let channel_data = prop_oneof![
        8 => list.prop_map(Some),
        1 => Just(None),
        1 => select(vec!["null", "5", r#"{"additionalAttributes":null,"x":0.10}"#, r#"{"additionalAttributes":{}}"#])
            .prop_map(|text| Some(parsed::value(text))),
    ];
    (
        option::weighted(0.5, flag()),
        option::weighted(0.3, flag()),
        texts(&[r#""STARTED""#, r#"{"name":"STARTED","x":1.0}"#, "null"]),
        texts(&[r#""c1""#, r#""c2""#, "null"]),
        texts(&[r#""c1""#]),
        texts(&[r#"{"_id":"u1"}"#, r#"{"_id":"u2","n":0.10}"#]),
        channel_data,
    )
        .prop_map(|(is_active, active, state, conversation, topic, customer, channel_data)| {
            let members = [
                ("isActive", is_active),
                ("active", active),
                ("state", state),
                ("conversationId", conversation),
                ("topicId", topic),
                ("customer", customer),
                ("channelData", channel_data),
            ];
            let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Document::try_from(super::object(members.collect())).expect("a small document")
        })
}

fn any_small_entry() -> impl Strategy<Value = Value> {
    let other =
        select(vec!["null", r#""a""#, r#"{"key":5}"#, r#"{"key":"a"}"#, r#"{"key":"A","value":1,"x":[]}"#]);
    prop_oneof![
        6 => any_small_attribute().prop_map(|attribute| {
            let mut entry = json::Object::default();
            attribute.write_into(&mut entry);
            Value::Object(entry)
        }),
        1 => other.prop_map(parsed::value),
    ]
}

fn any_small_attribute() -> impl Strategy<Value = Attribute> {
    let value_type = select(vec![ValueType::Number, ValueType::String50, ValueType::Password]);
    (any_key(), value_type, any_small_value()).prop_map(|(key, value_type, value)| Attribute {
        key,
        value_type,
        value,
    })
}

fn any_key() -> impl Strategy<Value = String> {
    select(KEYS.to_vec()).prop_map(str::to_owned)
}

fn any_small_value() -> impl Strategy<Value = Value> {
    select(vec!["1", "1.0", "0.10", "null", r#"{"x":[1]}"#, r#""Secret-1""#]).prop_map(parsed::value)
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let texts = |texts: [&str; 2]| option::weighted(0.3, select(texts.map(str::to_owned).to_vec()));
    (texts(["c1", "c2"]), texts(["u1", "u2"]), option::weighted(0.3, any::<bool>())).prop_map(
        |(conversation_id, customer_id, active)| Filter {
            conversation_id,
            customer_id,
            channel_type: None,
            active,
        },
    )
}

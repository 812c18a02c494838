//! What a session looks like in each view: held to the documented session, to the descriptors, and to what clients
//! can decode.

use std::sync::LazyLock;

use channel_session_api::{
    FILE_DESCRIPTOR_SET,
    v1::{
        BatchUpdateDataResponse, GetChannelSessionResponse, UpdateDataResponse, UpdateDataResult,
        update_data_result,
    },
};
use domain::session::{Id, Revision};
use proptest::prelude::*;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use prost_types::value::Kind as ValueKind;
use serde_json::{Value as Json, json};
use store_testkit::{generate, parsed, seed::CHANNEL_SESSION};

use super::*;
use crate::value;

const ATTRIBUTES: &str = "channelData.additionalAttributes";

fn stored(document: &str) -> Session {
    let id = Id::parse("stored").expect("an id");
    Session { id, revision: Revision::new(7), document: document.to_owned() }
}

fn viewed(document: &str, view: View) -> ChannelSession {
    session(stored(document), view)
}

fn typed(document: &str) -> ChannelSession {
    viewed(document, View::Typed)
}

/// The one attribute of a session, with this value.
fn attribute(value: &str) -> channel_session_api::v1::Attribute {
    let message = typed(&format!(
        r#"{{"channelData":{{"additionalAttributes":[{{"key":"k","type":"t","value":{value}}}]}}}}"#
    ));
    assert_eq!(message.unmapped_members, Vec::<String>::new());
    let mut attributes = message.channel_data.expect("the channel's data").additional_attributes;
    assert_eq!(attributes.len(), 1);
    attributes.remove(0)
}

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("compiled-in descriptors are whole"));

fn descriptor(name: &str) -> MessageDescriptor {
    POOL.get_message_by_name(&format!("channelsession.v1.{name}")).expect("a message of this package")
}

/// What a client in any language makes of a session that comes in a reply, in proto3's JSON.
fn as_client(message: &ChannelSession) -> Result<Json, String> {
    let reply = GetChannelSessionResponse { channel_session: Some(message.clone()) };
    let bytes = reply.encode_to_vec();
    // Clients decode at most 100 messages within each other; so does this one.
    let same = GetChannelSessionResponse::decode(&*bytes).map_err(|error| error.to_string())?;
    assert_eq!(same, reply);
    let message = DynamicMessage::decode(descriptor("GetChannelSessionResponse"), &*bytes)
        .map_err(|error| error.to_string())?;
    let json = serde_json::to_value(message).map_err(|error| error.to_string())?;
    Ok(json["channelSession"].clone())
}

/// What a client sees of the document, without what the service adds of itself.
fn seen(document: &str) -> Json {
    let mut json = as_client(&typed(document)).unwrap_or_else(|error| panic!("{error}: {document}"));
    let members = json.as_object_mut().expect("a message is an object");
    assert_eq!(members.remove("revision"), Some(json!("7")));
    assert_eq!(members.remove("etag"), Some(json!("\"7\"")));
    // The session's own id stands in where the document has none.
    if members.get("id") == Some(&json!("stored")) {
        members.remove("id");
    }
    json
}

fn documented() -> Json {
    serde_json::from_str(CHANNEL_SESSION).expect("the seed is JSON")
}

#[test]
fn the_documented_session_has_every_member_in_its_field() {
    assert_eq!(seen(CHANNEL_SESSION), documented());
}

#[test]
fn absent_empty_and_null_are_told_apart() {
    let absent = typed("{}");
    let service_own = ChannelSession {
        id: Some("stored".to_owned()),
        revision: 7,
        etag: "\"7\"".to_owned(),
        ..ChannelSession::default()
    };
    assert_eq!(absent, service_own);

    let empty = r#"{"id":"","channel":{},"customer":{"isAnonymous":false,"__v":0,"phoneNumber":[]},
        "customerSuggestions":[],"channelData":{"requestPriority":0},"latestIntent":{},"customerPresence":{},
        "isActive":false,"state":{},"channelSessionDirection":""}"#;
    assert_eq!(seen(empty), serde_json::from_str::<Json>(empty).expect("JSON"));

    // Only a member of any type can say null; for the others, null is the same as absent, and no shape of its own.
    let null = r#"{"id":null,"channel":null,"customer":{"__v":null,"isAnonymous":null},"customerSuggestions":null,
        "channelData":{"additionalAttributes":null},"latestIntent":null,"isActive":null}"#;
    assert_eq!(seen(null), json!({"customer": {}, "channelData": {}, "latestIntent": null}));
}

#[test]
fn empty_lists_are_named_where_their_field_cannot_say_so() {
    let types = "channel.channelConnector.channelProviderInterface.supportedChannelTypes";
    let document = r#"{"channelData":{"additionalAttributes":[]},"customerSuggestions":[],"channel":
        {"channelConnector":{"channelProviderInterface":{"supportedChannelTypes":[]}}}}"#;
    let message = typed(document);
    assert_eq!(message.empty_lists, [types, ATTRIBUTES]);
    assert_eq!(message.unmapped_members, Vec::<String>::new());
}

#[test]
fn a_state_that_is_a_string_is_named_and_leaves_its_field_unset() {
    let message = typed(r#"{"id":"a","state":"STARTED"}"#);
    assert_eq!(message.state, None);
    assert_eq!(message.unmapped_members, ["state"]);
    assert_eq!(message.id.as_deref(), Some("a"));
}

#[test]
fn entries_that_are_no_objects_hold_their_place() {
    let message = typed(
        r#"{"channelData":{"additionalAttributes":[1,{"key":"a"},null,[],{"key":5,"type":null},"b"]}}"#,
    );
    let attributes = message.channel_data.expect("the channel's data").additional_attributes;
    let keys: Vec<_> = attributes.iter().map(|attribute| &*attribute.key).collect();
    assert_eq!(keys, ["", "a", "", "", "", ""]);
    assert!(attributes.iter().all(|attribute| attribute.value.is_none() && attribute.value_json.is_none()));
    let places = ["[0]", "[2]", "[3]", "[4].key", "[5]"].map(|place| format!("{ATTRIBUTES}{place}"));
    assert_eq!(message.unmapped_members, places);
}

/// Every member that the documented session has a field for, wherever it is: its field, the names and places that lead
/// to it, and the same as JSON pointer.
fn fields(of: &MessageDescriptor, stored: &Json, path: &str, pointer: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for (name, value) in stored.as_object().expect("a message is stored as an object") {
        let field = of.get_field_by_json_name(name).expect("every documented member has a field");
        let dot = if path.is_empty() { "" } else { "." };
        let (path, pointer) = (format!("{path}{dot}{name}"), format!("{pointer}/{name}"));
        if let Some(message) = ours(&field) {
            if field.is_list() {
                for (at, item) in value.as_array().expect("a list").iter().enumerate() {
                    found.extend(fields(
                        &message,
                        item,
                        &format!("{path}[{at}]"),
                        &format!("{pointer}/{at}"),
                    ));
                }
            } else {
                found.extend(fields(&message, value, &path, &pointer));
            }
        }
        found.push(Place { field, path, pointer });
    }
    found
}

struct Place {
    field: FieldDescriptor,
    path: String,
    pointer: String,
}

/// The message type of a field, unless it is one for any JSON.
fn ours(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    if let Kind::Message(message) = field.kind() {
        Some(message).filter(|message| message.package_name() == "channelsession.v1")
    } else {
        None
    }
}

/// What the field should show of a stored value; `Err` holds what is to be named in `unmapped_members`, behind the
/// field's own path.
fn shown(field: &FieldDescriptor, value: &Json) -> Result<Option<Json>, &'static str> {
    let any =
        matches!(field.kind(), Kind::Message(message) if message.full_name() == "google.protobuf.Value");
    let fits = match field.kind() {
        _ if any => return Ok(Some(value.clone())),
        _ if value.is_null() => return Ok(None),
        Kind::String if field.supports_presence() => value.is_string(),
        // An attribute's key or type: absent and empty are the same to it.
        Kind::String => return if value.is_string() { Ok(Some(value.clone())) } else { Err("") },
        Kind::Bool => value.is_boolean(),
        Kind::Int32 => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        Kind::Message(_) if ours(field).is_none() => value.is_array(),
        Kind::Message(_) if field.is_list() => match value.as_array().map(Vec::as_slice) {
            Some([]) => return Ok(None),
            Some([item]) if !item.is_object() => return Err("[0]"),
            list => list.is_some(),
        },
        Kind::Message(_) => value.is_object(),
        Kind::Double
        | Kind::Float
        | Kind::Int64
        | Kind::Uint32
        | Kind::Uint64
        | Kind::Sint32
        | Kind::Sint64
        | Kind::Fixed32
        | Kind::Fixed64
        | Kind::Sfixed32
        | Kind::Sfixed64
        | Kind::Bytes
        | Kind::Enum(_) => panic!("{} is of a kind that the document does not have", field.full_name()),
    };
    if fits { Ok(Some(value.clone())) } else { Err("") }
}

#[test]
fn a_member_of_another_shape_is_unset_and_named_and_changes_nothing_else() {
    let places = fields(&descriptor("ChannelSession"), &documented(), "", "");
    assert!(places.len() > 80, "only {} members were found", places.len());
    let shapes =
        json!([null, true, 5, -2_147_483_648_i64, 2_147_483_648_i64, 1.5, "", "text", [], [true], [{}], {},]);
    for Place { field, path, pointer } in &places {
        for shape in shapes.as_array().expect("a list") {
            let mut document = documented();
            *document.pointer_mut(pointer).expect("a documented member") = shape.clone();
            let text = document.to_string();
            let note = shown(field, shape);
            let mut expected = document;
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            let parent = expected.pointer_mut(parent).and_then(Json::as_object_mut).expect("an object");
            match &note {
                Ok(Some(_)) => {}
                Err("[0]") => parent[name] = json!([{}]),
                Ok(None) | Err(_) => drop(parent.remove(name)),
            }
            // proto3's JSON leaves out text that is empty where its field cannot be absent.
            if !field.supports_presence() && shape == "" {
                parent.remove(name);
            }
            if let Err(place) = note {
                expected["unmappedMembers"] = json!([format!("{path}{place}")]);
            }
            if field.is_list() && *shape == json!([]) {
                expected["emptyLists"] = json!([path]);
            }
            assert_eq!(as_doubles(seen(&text)), as_doubles(expected), "{path}: {shape}");
        }
    }
}

/// Numbers as `google.protobuf.Value` has them.
fn as_doubles(json: Json) -> Json {
    match json {
        Json::Number(number) => json!(number.as_f64()),
        Json::Array(items) => items.into_iter().map(as_doubles).collect(),
        Json::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, as_doubles(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other @ (Json::Null | Json::Bool(_) | Json::String(_)) => other,
    }
}

#[test]
fn a_number_that_a_double_would_change_comes_as_text_too() {
    for changed in
        ["12345678901234567890", "0.10", "1.0", "9007199254740993", r#"{"a":[{"b":1.50}]}"#, "[1,2.00]"]
    {
        let attribute = attribute(changed);
        assert_eq!(attribute.value_json.as_deref(), Some(changed));
        assert!(attribute.value.is_some(), "{changed}");
    }
    for kept in ["0", "-5", "0.1", "9007199254740992", "\"0.10\"", r#"{"a":[1.5]}"#, "null", "true"] {
        let attribute = attribute(kept);
        assert_eq!(attribute.value_json, None, "{kept}");
        let json = value::json(attribute.value.expect(kept), &json::Path::root("")).expect(kept);
        assert_eq!(json.to_text(), kept);
    }
}

/// Numbers may take 400 characters, and doubles end at 1.8e308. Such a double stands for no JSON: a client that prints
/// the reply, as grpcurl does, fails on it.
#[test]
fn a_number_beyond_the_doubles_does_not_come_as_an_infinite_one() {
    let huge = format!("1{}", "0".repeat(398));
    let holding = |value: &str| {
        format!(
            r#"{{"latestIntent":{value},"customer":{{"phoneNumber":[{value}]}},
                "channelData":{{"additionalAttributes":[{{"key":"k","type":"Number","value":{value}}}]}}}}"#
        )
    };
    for value in [huge.clone(), format!("-{huge}"), format!(r#"{{"a":[{huge}]}}"#)] {
        if let Err(error) = as_client(&typed(&holding(&value))) {
            panic!("a client cannot print a reply that holds {value}: {error}");
        }
        assert_eq!(attribute(&value).value_json, Some(value));
    }
}

#[test]
fn a_value_that_is_too_deep_for_clients_comes_as_text_only() {
    let nested = |depth: usize| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth);
    let deepest = attribute(&nested(24));
    assert!(deepest.value.is_some() && deepest.value_json.is_none());
    let too_deep = attribute(&nested(25));
    assert_eq!((too_deep.value, too_deep.value_json), (None, Some(nested(25))));

    // Where there is no text to fall back to, the member is named.
    let members = |value: &str| format!(r#"{{"latestIntent":{value},"customerSuggestions":[{value}]}}"#);
    let message = typed(&members(&nested(24)));
    assert!(message.latest_intent.is_some());
    assert_eq!(message.unmapped_members, ["customerSuggestions"]);
    let message = typed(&members(&nested(25)));
    assert_eq!((&message.latest_intent, &message.customer_suggestions), (&None, &None));
    assert_eq!(message.unmapped_members, ["customerSuggestions", "latestIntent"]);
}

#[test]
fn the_deepest_value_in_the_deepest_field_can_be_decoded() {
    let nested = |depth: usize| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth);
    let document = format!(
        r#"{{"channel":{{"channelConnector":{{"channelProviderInterface":
            {{"channelProviderConfigSchema":[{0}]}},"channelProviderConfigs":[{0}]}},"tenant":{{"name":{1}}}}},
            "channelData":{{"additionalAttributes":[{{"value":{1}}}]}}}}"#,
        nested(23),
        nested(24),
    );
    let message = typed(&document);
    assert_eq!(message.unmapped_members, Vec::<String>::new());
    as_client(&message).expect("clients can decode the reply");

    // The answer to a batch has the most messages around a session.
    let response = UpdateDataResponse { channel_session: Some(message), changed: true };
    let result = Some(update_data_result::Result::Response(response));
    let reply = BatchUpdateDataResponse { results: vec![UpdateDataResult { result, reduced: false }] };
    let bytes = reply.encode_to_vec();
    assert_eq!(BatchUpdateDataResponse::decode(&*bytes), Ok(reply));
    DynamicMessage::decode(descriptor("BatchUpdateDataResponse"), &*bytes).expect("so can others");
}

#[test]
fn a_view_that_is_not_known_is_refused_and_none_is_the_default_one() {
    let default = viewed(CHANNEL_SESSION, View::Typed);
    assert_eq!(viewed(CHANNEL_SESSION, parse(0).expect("the default one")), default);
    assert_eq!(default.document_json, "");
    for view in [5, -1, i32::MAX] {
        let refused = parse(view);
        assert!(matches!(&refused, Err(Error::InvalidParameter(it)) if it.field == "view"), "{refused:?}");
    }
}

#[test]
fn the_basic_view_is_nothing_of_the_document() {
    let expected = ChannelSession {
        id: Some("stored".to_owned()),
        revision: 7,
        etag: "\"7\"".to_owned(),
        ..ChannelSession::default()
    };
    assert_eq!(viewed(CHANNEL_SESSION, View::Basic), expected);
}

#[test]
fn the_json_view_is_the_stored_text_and_nothing_typed() {
    // To the byte: neither order nor white space is touched.
    let text = "{ \"b\" : 0.10,\n\"a\":12345678901234567890, \"id\": \"other\", \"state\": \"S\" }";
    let expected = ChannelSession {
        id: Some("stored".to_owned()),
        revision: 7,
        etag: "\"7\"".to_owned(),
        document_json: text.to_owned(),
        ..ChannelSession::default()
    };
    assert_eq!(viewed(text, View::Json), expected);
}

#[test]
fn the_full_view_is_both_of_the_others() {
    let expected = ChannelSession { document_json: CHANNEL_SESSION.to_owned(), ..typed(CHANNEL_SESSION) };
    assert_eq!(viewed(CHANNEL_SESSION, View::Full), expected);
}

#[test]
fn a_null_of_any_type_is_a_null_and_not_a_value_without_a_kind() {
    let intent = typed(r#"{"latestIntent":null}"#).latest_intent.expect("the intent");
    assert_eq!(intent.kind, Some(ValueKind::NullValue(0)));
    assert_eq!(attribute("null").value, Some(intent));
}

/// A value within up to 60 arrays and objects more: deeper than any client decodes. Objects take most of what clients
/// count, so they are most of it.
fn any_deep_value() -> impl Strategy<Value = Json> {
    (proptest::collection::vec(proptest::bool::weighted(0.1), 0..60), generate::any_value()).prop_map(
        |(levels, value)| {
            let innermost = serde_json::from_str(&value.to_text()).unwrap_or(Json::Null);
            levels.into_iter().fold(
                innermost,
                |inner, is_list| {
                    if is_list { json!([inner]) } else { json!({ "a": inner }) }
                },
            )
        },
    )
}

/// The documented session with another value in the place of one of its members.
fn any_other_shape() -> impl Strategy<Value = String> {
    let places = fields(&descriptor("ChannelSession"), &documented(), "", "");
    let pointers: Vec<_> = places.into_iter().map(|place| place.pointer).collect();
    (proptest::sample::select(pointers), any_deep_value()).prop_map(|(pointer, value)| {
        let mut document = documented();
        *document.pointer_mut(&pointer).expect("a documented member") = value;
        document.to_string()
    })
}

proptest! {
    #[test]
    fn any_document_in_any_view_is_a_reply_that_can_be_decoded(
        text in prop_oneof![
            generate::any_document().prop_map(|document| document.text().to_owned()),
            any_other_shape(),
        ],
        view in (0..5).prop_map(|view| parse(view).expect("a view")),
    ) {
        let message = session(stored(&text), view);
        let reply = GetChannelSessionResponse { channel_session: Some(message.clone()) };
        prop_assert_eq!(GetChannelSessionResponse::decode(&*reply.encode_to_vec()), Ok(reply));
        let is_json = matches!(view, View::Json | View::Full);
        prop_assert_eq!(&message.document_json, if is_json { &text } else { "" });
        prop_assert_eq!((message.revision, &*message.etag), (7, "\"7\""));
    }

    #[test]
    fn an_attribute_s_value_is_exact_in_one_form_or_the_other(value in generate::any_value()) {
        let text = value.to_text();
        let attribute = attribute(&text);
        let exact = match (attribute.value_json, attribute.value) {
            (Some(text), _) => parsed::value(&text),
            (None, Some(message)) => {
                value::json(message, &json::Path::root("")).expect("a value that stands for JSON")
            }
            (None, None) => return Err(TestCaseError::fail("the value is lost")),
        };
        prop_assert_eq!(exact, value);
    }
}

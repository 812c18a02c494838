//! The document of a session, by the contract's `ChannelSession`.
//!
//! All but the list of attributes belongs to other systems, which store it in other shapes, too: so each member may be
//! anything, and its documented type is the first of two alternatives.

use std::borrow::Cow;

use prost_types::{
    DescriptorProto, FieldDescriptorProto,
    field_descriptor_proto::{Label, Type},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::contract::contract;

/// The document of a session. It is passed on as its text, and never read.
pub(crate) struct ChannelSessionDocument;

/// The first field that the service sets itself, beside the document.
const FIRST_OWN_FIELD: i32 = 100;

impl JsonSchema for ChannelSessionDocument {
    fn schema_name() -> Cow<'static, str> {
        "ChannelSession".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let schema = contract().message("ChannelSession").map(|message| object(generator, message));
        Schema::try_from(schema.unwrap_or_default()).unwrap_or_default()
    }
}

fn object(generator: &mut SchemaGenerator, message: &DescriptorProto) -> Value {
    let fields = message.field.iter().filter(|field| field.number() < FIRST_OWN_FIELD);
    // The text of a value is for gRPC's callers: a document has the value.
    let fields = fields.filter(|field| field.json_name() != "valueJson");
    let properties: Map<_, _> = fields.map(|field| property(generator, message, field)).collect();
    json!({
        "type": "object",
        "description": description(message),
        "properties": properties,
    })
}

/// A document has members that the contract does not know, of which the contract says where they are over gRPC.
fn description(message: &DescriptorProto) -> String {
    if message.name() == "ChannelSession" {
        return "The session's document, as it is stored: members that are not listed here are kept, too, and any may be of \
                another type than the documented one. Numbers are exact."
            .to_owned();
    }
    let comment = contract().comment(message.name()).unwrap_or_default();
    comment.split(": see `documentJson`").next().unwrap_or_default().to_owned()
}

fn property(
    generator: &mut SchemaGenerator,
    message: &DescriptorProto,
    field: &FieldDescriptorProto,
) -> (String, Value) {
    let name = field.json_name().to_owned();
    let description = contract().comment(&format!("{}.{name}", message.name()));
    let kind = kind(generator, field);
    let kind =
        if field.label() == Label::Repeated { json!({ "type": "array", "items": kind }) } else { kind };
    let mut schema = match kind.as_object() {
        Some(any) if any.is_empty() => json!({}),
        _ => json!({ "anyOf": [kind, {}] }),
    };
    if let (Some(schema), Some(description)) = (schema.as_object_mut(), description) {
        schema.insert("description".to_owned(), description.into());
    }
    (name, schema)
}

/// The type of one value of a field.
fn kind(generator: &mut SchemaGenerator, field: &FieldDescriptorProto) -> Value {
    match field.r#type() {
        Type::Bool => json!({ "type": "boolean" }),
        Type::String => json!({ "type": "string" }),
        Type::Int32 | Type::Int64 => json!({ "type": "integer" }),
        Type::Message => match field.type_name() {
            ".google.protobuf.ListValue" => json!({ "type": "array" }),
            name => reference(generator, name),
        },
        Type::Double
        | Type::Float
        | Type::Uint64
        | Type::Fixed64
        | Type::Fixed32
        | Type::Group
        | Type::Bytes
        | Type::Uint32
        | Type::Enum
        | Type::Sfixed32
        | Type::Sfixed64
        | Type::Sint32
        | Type::Sint64 => json!({}),
    }
}

/// A reference to a message of the contract; nothing for any JSON.
fn reference(generator: &mut SchemaGenerator, full_name: &str) -> Value {
    let name = full_name.rsplit('.').next().unwrap_or_default();
    let Some(message) = contract().message(name) else { return json!({}) };
    // In a request an attribute is held to rules that a stored one may break.
    let own = if name == "Attribute" { "StoredAttribute" } else { name };
    if !generator.definitions().contains_key(own) {
        let schema = object(generator, message);
        generator.definitions_mut().insert(own.to_owned(), schema);
    }
    json!({ "$ref": format!("#/components/schemas/{own}") })
}

//! What a message will take when it is decoded, found by walking over its encoded form.
//!
//! Two bytes of a message can be an empty message within it, which takes hundreds when it is a struct in memory. So the
//! parts are counted, each with what its kind takes. The kinds come from the descriptors, once.

use std::{collections::HashMap, sync::LazyLock};

use access::Scope;
use channel_session_api::FILE_DESCRIPTOR_SET;
use prost::{
    Message as _,
    encoding::{WireType, decode_key, decode_varint},
};
use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};
use wire::MAX_MESSAGE_BYTES;

use crate::layer::scope;

/// A method that is served here: what it takes.
#[derive(Debug)]
pub(crate) struct Method {
    /// Its name, with package and service.
    pub(crate) name: String,
    /// What its caller has to be allowed, where it is the service's own: health and reflection are for everybody.
    pub(crate) scope: Option<Scope>,
    /// How large a message of its callers may be, in bytes.
    pub(crate) max_message_bytes: usize,
    /// Where the kind of its request stands among the kinds.
    request: usize,
    /// Whether its caller sends any number of them.
    pub(crate) is_streaming: bool,
    /// Whether its answer is any number of messages.
    pub(crate) answers_stream: bool,
    /// Whether its answer is made of so many parts that making it is long work.
    pub(crate) has_long_answers: bool,
    kinds: &'static [Kind],
}

/// A kind of message.
#[derive(Debug, Default)]
struct Kind {
    /// What one of it takes, in bytes, beside what is in it.
    bytes: usize,
    /// The numbers of its fields that are not numbers themselves.
    fields: HashMap<u32, Field>,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    /// A string or bytes.
    Text,
    /// A message of the kind that stands there.
    Message(usize),
}

/// How large a message to health or reflection may be, in bytes: one holds a name, and perhaps a number.
pub(super) const MAX_OTHER_MESSAGE_BYTES: usize = 64 * 1024;

/// What one text takes beside its bytes.
const TEXT_BYTES: usize = 48;

/// Messages within each other; more are refused when they are decoded.
const MAX_DEPTH: usize = 100;

/// What one message of a kind takes: generously, as structs, and the nodes of maps, are in memory.
fn size_of(name: &str) -> usize {
    match name {
        ".google.protobuf.Value" => 48,
        // Part of its value.
        ".google.protobuf.ListValue" => 0,
        // A map has whole nodes, however few entries there are.
        ".google.protobuf.Struct" => 512,
        ".google.protobuf.Struct.FieldsEntry" => 128,
        _ => 256,
    }
}

/// The method that a path names, without its leading slash.
pub(crate) fn method(path: &str) -> Option<&'static Method> {
    static METHODS: LazyLock<HashMap<String, Method>> = LazyLock::new(methods);
    METHODS.get(path)
}

fn methods() -> HashMap<String, Method> {
    let sets = [
        FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let files: Vec<_> =
        sets.iter().flat_map(|set| FileDescriptorSet::decode(*set).unwrap_or_default().file).collect();
    let mut messages = Vec::new();
    for file in &files {
        for message in &file.message_type {
            collect(&format!(".{}", file.package()), message, &mut messages);
        }
    }
    let at: HashMap<&str, usize> =
        messages.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
    let kinds: Vec<_> = messages.iter().map(|(name, message)| kind(name, message, &at)).collect();
    // They live as long as the program.
    let kinds: &'static [Kind] = kinds.leak();
    let mut methods = HashMap::new();
    for file in &files {
        let is_ours = super::super::is_of_ours(file.package());
        let max_message_bytes = if is_ours { MAX_MESSAGE_BYTES } else { MAX_OTHER_MESSAGE_BYTES };
        for service in &file.service {
            for method in &service.method {
                let Some(&request) = at.get(method.input_type()) else { continue };
                let name = method.name();
                let (is_streaming, answers_stream) = (method.client_streaming(), method.server_streaming());
                let has_long_answers = name.starts_with("List") || name.starts_with("Batch");
                let scope = is_ours.then(|| scope::of(name));
                let name = format!("{}.{}/{name}", file.package(), service.name());
                let method = Method {
                    name: name.clone(),
                    scope,
                    max_message_bytes,
                    request,
                    is_streaming,
                    answers_stream,
                    has_long_answers,
                    kinds,
                };
                methods.insert(name, method);
            }
        }
    }
    methods
}

fn collect<'a>(
    within: &str,
    message: &'a DescriptorProto,
    messages: &mut Vec<(String, &'a DescriptorProto)>,
) {
    let name = format!("{within}.{}", message.name());
    for nested in &message.nested_type {
        collect(&name, nested, messages);
    }
    messages.push((name, message));
}

fn kind(name: &str, message: &DescriptorProto, at: &HashMap<&str, usize>) -> Kind {
    let fields = message.field.iter().filter_map(|field| {
        let number = u32::try_from(field.number()).ok()?;
        let field_type = field.r#type();
        if field_type == Type::Message {
            Some((number, Field::Message(*at.get(field.type_name())?)))
        } else {
            matches!(field_type, Type::String | Type::Bytes).then_some((number, Field::Text))
        }
    });
    Kind { bytes: size_of(name), fields: fields.collect() }
}

impl Method {
    /// What a request takes decoded, in bytes; none if that is more than `max`. Of one that cannot be decoded, what comes
    /// before the place where that fails.
    pub(crate) fn decoded_size(&self, bytes: &[u8], max: usize) -> Option<usize> {
        let mut walk = Walk { kinds: self.kinds, size: 0, max };
        // Where it ends early it is either too large or malformed.
        let _ = walk.message(bytes, self.request, 0);
        (walk.size <= max).then_some(walk.size)
    }
}

struct Walk {
    kinds: &'static [Kind],
    size: usize,
    max: usize,
}

impl Walk {
    /// Adds what is in a message. None where there is no use in going on.
    fn message(&mut self, mut bytes: &[u8], kind: usize, depth: usize) -> Option<()> {
        let kinds = self.kinds;
        let kind = kinds.get(kind)?;
        self.add(kind.bytes)?;
        // Groups are none of ours; what is in them is not decoded.
        let mut groups = 0_usize;
        while !bytes.is_empty() {
            let (number, wire_type) = decode_key(&mut bytes).ok()?;
            match wire_type {
                WireType::Varint => drop(decode_varint(&mut bytes).ok()?),
                WireType::SixtyFourBit => bytes = bytes.get(8..)?,
                WireType::ThirtyTwoBit => bytes = bytes.get(4..)?,
                WireType::StartGroup => groups += 1,
                WireType::EndGroup => groups = groups.checked_sub(1)?,
                WireType::LengthDelimited => {
                    let len = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
                    let (part, rest) = bytes.split_at_checked(len)?;
                    bytes = rest;
                    match kind.fields.get(&number) {
                        Some(_) if groups > 0 => {}
                        Some(Field::Text) => self.add(TEXT_BYTES + len)?,
                        Some(Field::Message(kind)) if depth < MAX_DEPTH => {
                            self.message(part, *kind, depth + 1)?;
                        }
                        Some(Field::Message(_)) | None => {}
                    }
                }
            }
        }
        Some(())
    }

    fn add(&mut self, bytes: usize) -> Option<()> {
        self.size += bytes;
        (self.size <= self.max).then_some(())
    }
}

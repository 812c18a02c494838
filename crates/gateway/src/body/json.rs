//! From a body's text to its type, under the names that protobuf's JSON gives the members: `removeKeys`, or `remove_keys`
//! as in the proto.
//!
//! The types derive `Deserialize`; they are read of a deserializer of our own, since an error of `serde_json` says at which
//! column something is wrong and not at which member, takes a list for a struct, and has no second names but for aliases.
//! A member that is unknown, or that comes twice, is refused by name: left out, it would have been a precondition that
//! nobody checks. Null is the same as leaving it out. What may be any JSON is a `RawValue`, so that no number goes through
//! a double.

use domain::Reason;
use json::{NoItems, Path, Step};
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;

use super::malformed;
use crate::{invalid::Invalid, problem::Problem};

/// Reads a body that is an object.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    read_at("", text)
}

/// Reads what stands at a place in the body.
pub(crate) fn read_at<T: DeserializeOwned>(place: &str, text: &str) -> Result<T, Problem> {
    let raw = json::syntax(text).map_err(|error| malformed(format!("the body is not JSON: {error}")))?;
    T::deserialize(Node { raw, path: Path::root(place) }).map_err(|Invalid { field, rule, description }| {
        let reason = if rule == TOO_LONG { Reason::RequestTooLarge } else { Reason::MalformedBody };
        Problem::new(reason, format!("{field} {description}"))
    })
}

/// How long a list may be to be read; the service takes most only shorter, and refuses them by their own limits. A value may
/// take a hundred times the memory that its text does.
const MAX_ITEMS: usize = wire::MAX_UPDATES;
const TOO_LONG: &str = "length";

/// Any JSON, null included, where `Option` by itself takes null for nothing.
pub(crate) fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// A value, and where it stands in the body.
struct Node<'de, 'p> {
    raw: &'de RawValue,
    path: Path<'p>,
}

impl<'de> Node<'de, '_> {
    fn refuse(&self, description: impl Into<String>) -> Invalid {
        let path = self.path.to_string();
        let field = if path.is_empty() { "the body".to_owned() } else { path };
        Invalid { field, rule: "type", description: description.into() }
    }

    /// The value, or the one that stands for null.
    fn parsed<T: Deserialize<'de> + Default>(&self, what: &str) -> Result<T, Invalid> {
        let parsed = serde_json::from_str::<Option<T>>(self.raw.get());
        parsed.map(Option::unwrap_or_default).map_err(|_| self.refuse(format!("must be {what}")))
    }

    /// The members of an object with these fields.
    fn members(
        &self,
        fields: &'static [&'static str],
    ) -> Result<Vec<(&'static str, &'de RawValue)>, Invalid> {
        let members = json::members(self.raw, &self.path);
        let members = members.ok_or_else(|| self.refuse("must be a JSON object"))?;
        let mut known = Vec::with_capacity(fields.len());
        for (name, raw) in members.map_err(|problem| self.refuse(problem.description))? {
            let Some(field) = fields.iter().find(|field| *field == &name || is_in_proto(field, &name)) else {
                const MAX_SHOWN_CHARS: usize = 64;
                let name: String = name.chars().take(MAX_SHOWN_CHARS).collect();
                let there_are = fields.join(", ");
                return Err(
                    self.refuse(format!("must not have a member named {name:?}; there are {there_are}"))
                );
            };
            if known.iter().any(|(other, _)| other == field) {
                return Err(self.refuse(format!("must have {field} once")));
            }
            known.push((*field, raw));
        }
        Ok(known)
    }
}

/// Whether the proto has the field under this name.
fn is_in_proto(field: &str, name: &str) -> bool {
    let snake = field.chars().flat_map(|char| {
        let underscore = char.is_ascii_uppercase().then_some('_');
        underscore.into_iter().chain([char.to_ascii_lowercase()])
    });
    snake.eq(name.chars())
}

impl<'de> Deserializer<'de> for Node<'de, '_> {
    type Error = Invalid;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Invalid> {
        Err(self.refuse("is of a type that no body has"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        let members = self.members(fields)?.into_iter();
        let node = |(field, raw)| (field, Node { raw, path: self.path.then(Step::Name(field)) });
        visitor.visit_map(MapDeserializer::new(members.map(node)))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        let items = match json::items(self.raw, MAX_ITEMS) {
            Ok(items) => items,
            Err(NoItems::NotAList) if self.raw.get() == "null" => Vec::new(),
            Err(NoItems::NotAList) => return Err(self.refuse("must be a list")),
            Err(NoItems::TooMany(found)) => {
                let list = self.path.to_string();
                // The service says the same of those that are not much longer.
                let items = if list == "requests" { "updates" } else { &*list };
                let field = format!("the request's number of {items}");
                let description = format!("may be at most {MAX_ITEMS}; this is {found}");
                return Err(Invalid { field, rule: TOO_LONG, description });
            }
        };
        let items = items.into_iter().enumerate();
        let node = |(at, raw)| Node { raw, path: self.path.then(Step::Index(at)) };
        visitor.visit_seq(SeqDeserializer::new(items.map(node)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        if self.raw.get() == "null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_bool(self.parsed("true or false")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_string(self.parsed("a string of valid Unicode")?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        let what = format!("one of {}", variants.join(", "));
        let name: String = self.parsed(&what)?;
        let value = visitor.visit_enum(name.into_deserializer());
        value.map_err(|_: Invalid| self.refuse(format!("must be {what}")))
    }

    /// `RawValue` is one.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        self.raw.deserialize_newtype_struct(name, visitor).map_err(|error| self.refuse(error.to_string()))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct tuple tuple_struct
        map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Invalid> for Node<'de, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests;

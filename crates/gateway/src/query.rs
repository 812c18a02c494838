//! The parameters in a query, as a type that derives `Deserialize`. One that is unknown is refused: misspelt, it would
//! otherwise be left out, and a change made that was only to be checked. So is an empty one: a field of protobuf that is
//! empty is left out, and who asks for the sessions of a conversation that it has lost the id of would get all of them.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use domain::{Error, Reason, violation::Violation};
use http::request::Parts;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::{
    invalid::Invalid,
    operation::{Describe, Operation, Type},
    percent,
    problem::Problem,
};

/// A query.
pub(crate) struct Query<T>(pub(crate) T);

/// The query of an operation that takes no parameters.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

/// The query of a change that may be only checked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Validation {
    #[serde(default)]
    pub(crate) validate_only: bool,
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = T::deserialize(Pairs(parts.uri.query().unwrap_or_default()));
        query.map(Self).map_err(|Invalid { field, rule, description }| {
            Problem::from(&Error::InvalidParameter(Violation::new(field, rule, description)))
        })
    }
}

impl<T: DeserializeOwned + JsonSchema> Describe for Query<T> {
    fn describe(operation: &mut Operation) {
        operation.query = Some(Type::of::<T>());
        operation.reasons.push(Reason::InvalidParameter);
    }
}

/// A query as forms write it: `+` is a space.
struct Pairs<'a>(&'a str);

impl<'de> Deserializer<'de> for Pairs<'_> {
    type Error = Invalid;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Invalid> {
        Err(refuse("the query", "type", "is of a type that no query has"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        let mut values: Vec<(&'static str, Values)> = Vec::new();
        for pair in self.0.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(given), Some(value)) = (decode(name), decode(value)) else {
                return Err(refuse(name, "percent_encoding", "must be percent-encoded UTF-8"));
            };
            let Some(field) = fields.iter().find(|field| **field == given) else {
                let known = match fields {
                    [] => "it takes none".to_owned(),
                    known => format!("there are {}", known.join(", ")),
                };
                let description = format!("is not a parameter of this path; {known}");
                return Err(refuse(&given, "unknown", &description));
            };
            if value.is_empty() {
                return Err(refuse(field, "required", "must have a value, or be left out"));
            }
            match values.iter_mut().find(|(name, _)| name == field) {
                Some((_, values)) => values.values.push(value),
                None => values.push((field, Values { name: field, values: vec![value] })),
            }
        }
        visitor.visit_map(MapDeserializer::new(values.into_iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn decode(text: &str) -> Option<String> {
    percent::decode(&text.replace('+', " "))
}

/// Refuses a parameter, with as much of its name as an answer repeats.
fn refuse(name: &str, rule: &'static str, description: &str) -> Invalid {
    const MAX_SHOWN_CHARS: usize = 64;
    let field = name.chars().take(MAX_SHOWN_CHARS).collect();
    Invalid { field, rule, description: description.to_owned() }
}

/// What a query has for one parameter.
struct Values {
    name: &'static str,
    values: Vec<String>,
}

impl Values {
    fn once(mut self) -> Result<String, Invalid> {
        match self.values.pop() {
            Some(value) if self.values.is_empty() => Ok(value),
            _ => Err(refuse(self.name, "once", "must be given once")),
        }
    }

    fn parsed<T: FromStr>(self, rule: &'static str, description: &str) -> Result<T, Invalid> {
        let name = self.name;
        self.once()?.parse().map_err(|_| refuse(name, rule, description))
    }
}

impl<'de> Deserializer<'de> for Values {
    type Error = Invalid;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_string(self.once()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_bool(self.parsed("boolean", "must be true or false")?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        let description = format!("must be a whole number of at most {}", i32::MAX);
        visitor.visit_i32(self.parsed("number", &description)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_some(self)
    }

    /// The values of a parameter that may come several times.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_seq(SeqDeserializer::new(self.values.into_iter()))
    }

    forward_to_deserialize_any! {
        i8 i16 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, Invalid> for Values {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests;

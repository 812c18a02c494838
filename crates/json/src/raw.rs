//! JSON texts and their parts as they stand.

use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Path, Problem, problem::surrogate};

/// Checks that a text is JSON, and returns it without the white space around it.
///
/// # Errors
/// What the parser found, with line and column.
pub fn syntax(text: &str) -> Result<&RawValue, serde_json::Error> {
    serde_json::from_str(text)
}

/// A member of an object as it stands in the text: its name, and its value's text.
pub type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// The members of an object as they stand in the text, repeated names included; `None` if it is no object.
///
/// # Errors
/// The problem with a member's name.
pub fn members<'a>(raw: &'a RawValue, path: &Path<'_>) -> Option<Result<Vec<Member<'a>>, Problem>> {
    raw.get().starts_with('{').then(|| {
        serde_json::Deserializer::from_str(raw.get())
            .deserialize_map(Members)
            .map_err(|_| surrogate(path, "a member name"))
    })
}

/// The members with these names, as they stand in the text of an object.
///
/// # Errors
/// If the text is not JSON, or no object.
pub fn pick<'a, const N: usize>(
    text: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let picked = deserializer.deserialize_map(Picked { names })?;
    deserializer.end()?;
    Ok(picked)
}

/// Collects an object's members without losing repeated names or a value's text.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(members)
    }
}

/// Collects some of an object's members.
struct Picked<'a, const N: usize> {
    names: [&'a str; N],
}

impl<'de, const N: usize> Visitor<'de> for Picked<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut picked = [None; N];
        while let Some(Name(name)) = map.next_key()? {
            match self.names.iter().position(|wanted| *wanted == name) {
                Some(at) => picked[at] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(picked)
    }
}

/// A name that borrows from the text where it holds no escapes; `Cow` by itself would always copy.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

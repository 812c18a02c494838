//! From JSON text to a value, with everything that the service refuses wherever it appears.

use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Number, Path, Step, Value};

/// Something valid as JSON that the service does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub path: String,
    /// The rule that it breaks.
    pub rule: &'static str,
    /// What would be right, as the end of a sentence that starts with the place.
    pub description: String,
}

/// As many problems as one value reports; a hostile one could have a million.
const MAX_PROBLEMS: usize = 100;

/// Checks that a text is JSON, and returns it without the white space around it.
///
/// # Errors
/// What the parser found, with line and column.
pub fn syntax(text: &str) -> Result<&RawValue, serde_json::Error> {
    serde_json::from_str(text)
}

/// Builds the value that a valid JSON text stands for, nested at most `max_depth` deep.
///
/// # Errors
/// All that the service refuses, at most 100 of them: U+0000, lone surrogates, nesting, numbers that are too long.
pub fn parse(raw: &RawValue, max_depth: usize, root: &Path<'_>) -> Result<Value, Vec<Problem>> {
    let mut parser = Parser { max_depth, problems: Vec::new() };
    let value = parser.value(raw, 0, root);
    if parser.problems.is_empty() { Ok(value) } else { Err(parser.problems) }
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

/// Walks a value's text. Every level is scanned once more than the one above it, which `max_depth` bounds; in
/// return each number's text is at hand, which serde does not give for numbers.
struct Parser {
    max_depth: usize,
    problems: Vec<Problem>,
}

impl Parser {
    fn value(&mut self, raw: &RawValue, depth: usize, path: &Path<'_>) -> Value {
        let text = raw.get();
        if self.problems.len() >= MAX_PROBLEMS {
            return Value::Null;
        }
        match text.as_bytes().first() {
            Some(b'{' | b'[') if depth == self.max_depth => {
                let description = format!("must be nested at most {depth} levels deep");
                self.refuse(Problem { path: path.to_string(), rule: "depth", description })
            }
            Some(b'{') => self.object(raw, depth + 1, path),
            Some(b'[') => self.array(text, depth + 1, path),
            Some(b'"') => match serde_json::from_str(text) {
                Ok(string) => self.string(string, path),
                Err(_) => self.refuse(surrogate(path, "text")),
            },
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') => Value::Null,
            _ => match Number::canonical(text) {
                Ok(number) => Value::Number(number),
                Err(_) => self.refuse(number_too_long(path)),
            },
        }
    }

    fn object(&mut self, raw: &RawValue, depth: usize, path: &Path<'_>) -> Value {
        let members = match members(raw, path) {
            Some(Ok(members)) => members,
            Some(Err(problem)) => return self.refuse(problem),
            None => Vec::new(),
        };
        let mut object = Vec::with_capacity(members.len());
        for (name, raw) in members {
            let path = path.then(Step::Name(&name));
            if name.contains('\0') {
                self.refuse(nul(&path, "a member name"));
                continue;
            }
            let value = self.value(raw, depth, &path);
            object.push((name.into_owned(), value));
        }
        Value::Object(object.into_iter().collect())
    }

    fn array(&mut self, text: &str, depth: usize, path: &Path<'_>) -> Value {
        // The text is valid JSON, so this cannot fail; if it did, an empty list would be noticed by no one.
        let items: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(items) => items,
            Err(_) => return self.refuse(surrogate(path, "an item")),
        };
        let items = items.into_iter().enumerate();
        Value::Array(items.map(|(at, raw)| self.value(raw, depth, &path.then(Step::Index(at)))).collect())
    }

    fn string(&mut self, string: String, path: &Path<'_>) -> Value {
        if string.contains('\0') { self.refuse(nul(path, "text")) } else { Value::String(string) }
    }

    fn refuse(&mut self, problem: Problem) -> Value {
        self.problems.push(problem);
        Value::Null
    }
}

fn nul(path: &Path<'_>, what: &str) -> Problem {
    let description = format!("must not hold the character U+0000, as {what} here does");
    Problem { path: path.to_string(), rule: "no_nul", description }
}

fn surrogate(path: &Path<'_>, what: &str) -> Problem {
    let description = format!("must be valid Unicode; {what} here holds a lone surrogate");
    Problem { path: path.to_string(), rule: "unicode", description }
}

fn number_too_long(path: &Path<'_>) -> Problem {
    let description =
        format!("must take at most {} characters when written out without exponent", Number::MAX_CHARS);
    Problem { path: path.to_string(), rule: "number_length", description }
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

/// A name that borrows from the text where it holds no escapes; `Cow` by itself would always copy.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

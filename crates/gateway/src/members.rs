//! The members of a request that comes as JSON, under the names that protobuf's JSON gives them: `removeKeys`, or
//! `remove_keys` as in the proto.
//!
//! What a member holds is handed on as the text that it came as, so that no number goes through a double. A member that
//! is unknown, or that comes twice, is refused by name: left out, it would have been a precondition that nobody checks.
//! Null is the same as leaving it out, except where any JSON may stand.

use domain::Reason;
use json::Path;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::problem::Problem;

/// The members of an object that have not been asked for yet.
pub(crate) struct Members<'a> {
    /// What the object is, for messages.
    place: &'a str,
    left: Vec<json::Member<'a>>,
    known: Vec<&'static str>,
}

/// Reads a body that is an object; what is left over at the end is refused.
pub(crate) fn of_body<T>(
    text: &str,
    read: impl FnOnce(&mut Members<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let raw = json::syntax(text).map_err(|error| malformed(format!("the body is not JSON: {error}")))?;
    of(raw, "the body", read)
}

/// The same of an object within.
pub(crate) fn of<T>(
    raw: &RawValue,
    place: &str,
    read: impl FnOnce(&mut Members<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let left = match json::members(raw, &Path::root("")) {
        Some(Ok(members)) => members,
        Some(Err(problem)) => return Err(malformed(format!("{place} {}", problem.description))),
        None => return Err(malformed(format!("{place} must be a JSON object"))),
    };
    let mut members = Members { place, left, known: Vec::new() };
    let value = read(&mut members)?;
    match members.left.first() {
        None => Ok(value),
        Some((name, _)) => {
            const MAX_SHOWN_CHARS: usize = 64;
            let name: String = name.chars().take(MAX_SHOWN_CHARS).collect();
            let known = members.known.join(", ");
            Err(malformed(format!("{place} must not have a member named {name:?}; there are {known}")))
        }
    }
}

impl<'a> Members<'a> {
    /// A member that may be any JSON, null included.
    pub(crate) fn any(&mut self, name: &'static str) -> Result<Option<&'a RawValue>, Problem> {
        self.known.push(name);
        let in_proto = snake_case(name);
        let mut found = None;
        let mut repeated = false;
        self.left.retain(|(other, raw)| {
            let is_it = *other == name || *other == in_proto;
            if is_it {
                repeated |= found.replace(*raw).is_some();
            }
            !is_it
        });
        if repeated {
            return Err(malformed(format!("{} must have {name} once", self.place)));
        }
        Ok(found)
    }

    /// A member that is a string, or empty text.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<String, Problem> {
        Ok(self.optional_text(name)?.unwrap_or_default())
    }

    /// A member that is a string.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.parsed(name, "a string of valid Unicode")
    }

    /// A member that is true, or else is not.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        Ok(self.optional_flag(name)?.unwrap_or_default())
    }

    /// A member that is true or false.
    pub(crate) fn optional_flag(&mut self, name: &'static str) -> Result<Option<bool>, Problem> {
        self.parsed(name, "true or false")
    }

    /// The items of a member that is a list.
    pub(crate) fn list(&mut self, name: &'static str) -> Result<Vec<&'a RawValue>, Problem> {
        Ok(self.parsed(name, "a list")?.unwrap_or_default())
    }

    /// A member that is a list of strings.
    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Vec<String>, Problem> {
        Ok(self.parsed(name, "a list of strings of valid Unicode")?.unwrap_or_default())
    }

    /// The text of a member that is a list.
    pub(crate) fn list_text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        match self.given(name)? {
            Some(raw) if !raw.get().starts_with('[') => Err(self.wrong(name, "a list")),
            given => Ok(given.map(|raw| raw.get().to_owned())),
        }
    }

    fn parsed<T: Deserialize<'a>>(&mut self, name: &'static str, what: &str) -> Result<Option<T>, Problem> {
        let Some(raw) = self.given(name)? else { return Ok(None) };
        serde_json::from_str(raw.get()).map(Some).map_err(|_| self.wrong(name, what))
    }

    fn given(&mut self, name: &'static str) -> Result<Option<&'a RawValue>, Problem> {
        Ok(self.any(name)?.filter(|raw| raw.get() != "null"))
    }

    fn wrong(&self, name: &str, what: &str) -> Problem {
        malformed(format!("{name} of {} must be {what}", self.place))
    }
}

/// The problem with a body that is not of the form that the path takes.
pub(crate) fn malformed(detail: String) -> Problem {
    Problem::new(Reason::MalformedBody, detail)
}

/// The name as the proto has it.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for char in name.chars() {
        if char.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(char.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::told;

    #[test]
    fn a_member_has_two_names_and_comes_once() {
        let read = |text| of_body(text, |members| members.texts("removeKeys"));
        assert_eq!(read(r#"{"removeKeys":["a"]}"#).expect("camel"), ["a"]);
        assert_eq!(read(r#"{"remove_keys":["a"]}"#).expect("snake"), ["a"]);
        assert_eq!(read(r#"{"remove\u004beys":["a"]}"#).expect("escaped"), ["a"]);
        assert_eq!(read(r#"{"removeKeys":null}"#).expect("null"), [""; 0]);
        assert_eq!(read("{}").expect("nothing"), [""; 0]);
        for twice in [r#"{"removeKeys":["a"],"remove_keys":["a"]}"#, r#"{"removeKeys":[],"removeKeys":[]}"#] {
            let told = told(&read(twice).expect_err(twice));
            assert_eq!(told["detail"], "the body must have removeKeys once", "{twice}");
        }
    }

    #[test]
    fn an_unknown_member_is_refused_by_name() {
        let read = |text| of_body(text, |members| Ok((members.text("etag")?, members.flag("validateOnly")?)));
        for (text, detail) in [
            (
                r#"{"etag":"\"1\"","validateonly":true}"#,
                "the body must not have a member named \"validateonly\"; there are etag, validateOnly",
            ),
            (r#"{"":1}"#, "the body must not have a member named \"\"; there are etag, validateOnly"),
            (r#"{"\ud800":1}"#, "the body must be valid Unicode; a member name here holds a lone surrogate"),
        ] {
            let told = told(&read(text).expect_err(text));
            assert_eq!((&told["reason"], &told["detail"]), (&"MALFORMED_BODY".into(), &detail.into()));
        }
    }

    #[test]
    fn a_member_of_another_kind_is_refused_by_name() {
        let read = |text| {
            of_body(text, |members| {
                members.text("state")?;
                members.flag("validateOnly")?;
                members.texts("removeKeys")?;
                members.list_text("attributes")?;
                members.list("requests")?;
                Ok(())
            })
        };
        for (text, named) in [
            (r#"{"state":1}"#, "state"),
            (r#"{"state":"\ud800"}"#, "state"),
            (r#"{"validateOnly":"true"}"#, "validateOnly"),
            (r#"{"removeKeys":"a"}"#, "removeKeys"),
            (r#"{"removeKeys":[1]}"#, "removeKeys"),
            (r#"{"attributes":{}}"#, "attributes"),
            (r#"{"requests":{}}"#, "requests"),
            ("[]", "object"),
            ("{", "not JSON"),
        ] {
            let told = told(&read(text).expect_err(text));
            assert_eq!(told["reason"], "MALFORMED_BODY");
            assert!(told["detail"].as_str().expect("text").contains(named), "{told}");
        }
    }
}

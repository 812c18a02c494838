//! MongoDB's extended JSON, as `mongoexport` writes it, to plain JSON.
//!
//! An object with a member of MongoDB's, which begins with `$`, is replaced by what it stands for. One that does not fit is
//! refused: nothing is stored as what it is not.
//! Source: <https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/>, both modes of version 2.

use domain::session::Document;
use json::{Object, Path, Value};
use serde_json::value::RawValue;

use super::{date, mongodb_only};

/// The document with plain values, and with `_id` as its `id` if it has none; `None` if something in it is refused
/// anyway, or it is no object. It may be too deep.
///
/// # Errors
/// What has no plain form, by its place and its type.
pub(super) fn plain(document: &RawValue) -> Result<Option<Value>, String> {
    // The deepest wrapper, a date, adds two levels to the value that it stands for.
    let value = json::parse(document.get(), Document::MAX_DEPTH + 2, &Path::root(""));
    let Ok(Value::Object(object)) = value.map(json::Tree::into_owned) else { return Ok(None) };
    if let Some(name) = mongodb_only::special_name(&object) {
        return Err(format!(
            "the document has a member {name}, as MongoDB's values have; keep it with --raw"
        ));
    }
    let mut members = members(&object, "")?;
    if !members.iter().any(|(name, _)| name == "id")
        && let Some((name, value)) = members.iter_mut().find(|(name, _)| name == "_id")
    {
        if value.as_str().is_none() {
            return Err(format!("_id is {}, and a session's id is a string; add an id", value.kind()));
        }
        "id".clone_into(name);
    }
    Ok(Some(Value::Object(members.into_iter().collect())))
}

fn members(object: &Object, location: &str) -> Result<Vec<(String, Value)>, String> {
    let within =
        |name: &str| if location.is_empty() { name.to_owned() } else { format!("{location}.{name}") };
    object.iter().map(|(name, value)| Ok((name.to_owned(), convert(value, &within(name))?))).collect()
}

fn convert(value: &Value, location: &str) -> Result<Value, String> {
    Ok(match value {
        Value::Object(object) => match special(object) {
            Ok(Some(plain)) => plain,
            Ok(None) => Value::Object(members(object, location)?.into_iter().collect()),
            Err(what) => {
                return Err(format!(
                    "{location} is {what}; change it before the export, or keep it as it is with --raw"
                ));
            }
        },
        Value::Array(items) => {
            let items =
                items.iter().enumerate().map(|(at, item)| convert(item, &format!("{location}[{at}]")));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    })
}

/// What an object of MongoDB's stands for; none for an object like any other.
///
/// # Errors
/// What it is, in words, where that has no plain form or is not what MongoDB writes: stored as it is, it would be taken for
/// a value that it is not.
fn special(object: &Object) -> Result<Option<Value>, String> {
    if let Some(refused) = mongodb_only::refusal(object) {
        return Err(refused);
    }
    if let Some(uuid) = mongodb_only::uuid(object) {
        return Ok(Some(Value::String(uuid.into())));
    }
    let Some(name) = mongodb_only::special_name(object) else { return Ok(None) };
    let Some(wrapper) = Wrapper::named(name) else {
        return Err(format!(
            "of a type {name} that is not known here, or not of the form that MongoDB writes"
        ));
    };
    let mut members = object.iter();
    match (members.next(), members.next()) {
        (Some((_, content)), None) => match wrapper.unwrap(content) {
            Some(plain) => Ok(Some(plain)),
            None => Err(format!("of MongoDB's type {name}, which must be {}", wrapper.form())),
        },
        _ => Err(format!("of MongoDB's type {name}, and has other members beside that")),
    }
}

#[derive(Clone, Copy)]
enum Wrapper {
    /// An object's id.
    Id,
    /// A text.
    Text,
    Date,
    Integer,
    /// A number that also has infinities and NaN.
    Real,
}

impl Wrapper {
    fn named(name: &str) -> Option<Self> {
        match name {
            "$oid" => Some(Self::Id),
            "$symbol" => Some(Self::Text),
            "$date" => Some(Self::Date),
            "$numberInt" | "$numberLong" => Some(Self::Integer),
            "$numberDouble" | "$numberDecimal" => Some(Self::Real),
            _ => None,
        }
    }

    fn unwrap(self, content: &Value) -> Option<Value> {
        match self {
            Self::Id => content.as_str().filter(|id| is_object_id(id)).map(|_| content.clone()),
            Self::Text => content.as_str().map(|_| content.clone()),
            Self::Date => date(content),
            Self::Integer => integer(content.as_str()?),
            Self::Real => real(content.as_str()?),
        }
    }

    /// What it has to be.
    fn form(self) -> &'static str {
        match self {
            Self::Id => "a string of 24 hexadecimal digits",
            Self::Text => "a string",
            Self::Date => {
                "a date and time such as \"2023-08-21T04:38:50.123Z\", or milliseconds since 1970 of the years 0 to 9999"
            }
            Self::Integer => "a string of digits, such as \"-5\"",
            Self::Real => "a string with a number that takes at most 400 characters when written out",
        }
    }
}

fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Either a text, or milliseconds since 1970, wrapped or (by older versions) not.
fn date(content: &Value) -> Option<Value> {
    let milliseconds = match content {
        Value::String(text) => return date::is_date(text).then(|| content.clone()),
        Value::Number(number) => number.as_str(),
        Value::Object(object) => {
            let mut members = object.iter();
            match (members.next(), members.next()) {
                (Some(("$numberLong" | "$numberInt", content)), None) => content.as_str()?,
                _ => return None,
            }
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => return None,
    };
    date::rfc3339(milliseconds.parse().ok()?).map(|text| Value::String(text.into()))
}

fn integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { number(text) } else { None }
}

fn real(text: &str) -> Option<Value> {
    match text {
        // JSON has no such numbers.
        "Infinity" | "-Infinity" | "NaN" => Some(Value::String(text.to_owned().into())),
        _ => number(text),
    }
}

fn number(text: &str) -> Option<Value> {
    let value = json::parse(json::syntax(text).ok()?.get(), 0, &Path::root("")).ok()?.into_owned();
    matches!(value, Value::Number(_)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str) -> String {
        let document = json::syntax(text).expect("the test's JSON is valid");
        plain(document).expect("it has a plain form").expect("the test's document is allowed").to_text()
    }

    #[track_caller]
    fn check(wrapped: &str, expected: &str) {
        assert_eq!(
            converted(&format!(r#"{{"id":"a","v":{wrapped}}}"#)),
            format!(r#"{{"v":{expected},"id":"a"}}"#)
        );
    }

    #[test]
    fn wrappers_become_plain_values_wherever_they_are() {
        check(r#"{"$oid":"64e2f08a6155b317cd3f88fd"}"#, r#""64e2f08a6155b317cd3f88fd""#);
        check(r#"{"$date":"2023-08-21T04:38:50.123Z"}"#, r#""2023-08-21T04:38:50.123Z""#);
        check(r#"{"$date":{"$numberLong":"1692592730123"}}"#, r#""2023-08-21T04:38:50.123Z""#);
        check(r#"{"$date":1692592730123}"#, r#""2023-08-21T04:38:50.123Z""#);
        check(r#"{"$date":{"$numberLong":"-1"}}"#, r#""1969-12-31T23:59:59.999Z""#);
        check(r#"{"$numberLong":"9223372036854775807"}"#, "9223372036854775807");
        check(r#"{"$numberInt":"-5"}"#, "-5");
        check(r#"{"$numberDouble":"1.50"}"#, "1.50");
        check(r#"{"$numberDouble":"1.0E+10"}"#, "10000000000");
        check(r#"{"$numberDouble":"-Infinity"}"#, r#""-Infinity""#);
        check(r#"{"$numberDecimal":"0.10"}"#, "0.10");
        check(r#"[{"a":[{"$numberInt":"1"}]},{"$symbol":"x"}]"#, r#"[{"a":[1]},"x"]"#);
        check(r#"{"$date":"2023-08-21T04:38:50+0200"}"#, r#""2023-08-21T04:38:50+0200""#);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_its_place_with_what_it_must_be() {
        for (unfit, must_be) in [
            (r#"{"$oid":5}"#, "24 hexadecimal digits"),
            (r#"{"$oid":"xyz"}"#, "24 hexadecimal digits"),
            (r#"{"$oid":"64e2f08a6155b317cd3f88fd","more":1}"#, "other members"),
            (r#"{"$symbol":5}"#, "a string"),
            (r#"{"$date":null}"#, "a date"),
            (r#"{"$date":"garbage"}"#, "a date"),
            (r#"{"$date":1.5}"#, "a date"),
            (r#"{"$date":{"$numberDouble":"1"}}"#, "a date"),
            // The year 10000, which RFC 3339 cannot write.
            (r#"{"$date":{"$numberLong":"253402300800000"}}"#, "the years 0 to 9999"),
            (r#"{"$date":{"$numberLong":"99999999999999999"}}"#, "the years 0 to 9999"),
            (r#"{"$numberLong":"1.5"}"#, "digits"),
            (r#"{"$numberLong":""}"#, "digits"),
            (r#"{"$numberLong":"-"}"#, "digits"),
            (r#"{"$numberLong":"0123"}"#, "digits"),
            (r#"{"$numberLong":5}"#, "digits"),
            (r#"{"$numberInt":"abc"}"#, "digits"),
            (r#"{"$numberDouble":"true"}"#, "a number"),
            (r#"{"$numberDouble":"[1]"}"#, "a number"),
            (r#"{"$numberDecimal":"1E+400"}"#, "400 characters"),
            (r#"{"$uuid":"garbage"}"#, "$uuid"),
            (r#"{"$uuid":5}"#, "$uuid"),
            (r#"{"$binary":5}"#, "$binary"),
            (r#"{"$maxKey":1,"more":1}"#, "$maxKey"),
            (r#"{"$foo":1}"#, "$foo"),
            (r#"{"a":1,"$foo":1}"#, "$foo"),
        ] {
            let text = format!(r#"{{"id":"a","v":[{unfit}]}}"#);
            let refused = plain(json::syntax(&text).expect(unfit)).expect_err(unfit);
            assert!(refused.starts_with("v[0] is of ") && refused.contains(must_be), "{refused}");
            assert!(refused.ends_with("change it before the export, or keep it as it is with --raw"));
        }
        for refused in [r#"{"_id":{"$oid":"xyz"}}"#, r#"{"id":"a","$foo":1}"#] {
            assert!(plain(json::syntax(refused).expect(refused)).is_err(), "{refused}");
        }
        for plain in [r#"{"oid":"x"}"#, "{}", r#"{"$id":"x","$ref":"c"}"#, r#"{"a$":1}"#] {
            check(plain, plain);
        }
    }

    #[test]
    fn an_underscore_id_becomes_the_id_where_there_is_none() {
        assert_eq!(converted(r#"{"_id":{"$symbol":"a"},"b":{"_id":"c"}}"#), r#"{"b":{"_id":"c"},"id":"a"}"#);
        assert_eq!(converted(r#"{"_id":"a"}"#), r#"{"id":"a"}"#);
        for kept in [r#"{"id":"b","_id":"a"}"#, r#"{"id":null,"_id":"a"}"#] {
            assert_eq!(converted(kept), kept);
        }
    }

    #[test]
    fn all_else_stays_exact() {
        let exact = r#"{"a":12345678901234567890,"b":0.10,"c":null,"id":"x","nested":{"d":[],"e":{}}}"#;
        assert_eq!(converted(exact), exact);
    }
}

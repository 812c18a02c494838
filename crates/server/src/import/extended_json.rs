//! MongoDB's extended JSON, as `mongoexport` writes it, to plain JSON.
//!
//! An object whose one member has one of the names below is replaced by what it stands for. One that does not fit
//! stays as it is: nothing is lost, and nothing is half converted.
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
        Value::Object(object) => {
            if let Some(refused) = mongodb_only::refusal(object) {
                return Err(format!(
                    "{location} is {refused}; change it before the export, or keep it as it is with --raw"
                ));
            }
            if let Some(uuid) = mongodb_only::uuid(object) {
                return Ok(Value::String(uuid.into()));
            }
            match wrapper(object) {
                Some((kind, content)) => kind.unwrap(content).unwrap_or_else(|| value.clone()),
                None => Value::Object(members(object, location)?.into_iter().collect()),
            }
        }
        Value::Array(items) => {
            let items =
                items.iter().enumerate().map(|(at, item)| convert(item, &format!("{location}[{at}]")));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    })
}

fn wrapper(object: &Object) -> Option<(Wrapper, &Value)> {
    let mut members = object.iter();
    let (name, content) = members.next()?;
    let kind = Wrapper::named(name)?;
    members.next().is_none().then_some((kind, content))
}

#[derive(Clone, Copy)]
enum Wrapper {
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
            "$oid" | "$symbol" => Some(Self::Text),
            "$date" => Some(Self::Date),
            "$numberInt" | "$numberLong" => Some(Self::Integer),
            "$numberDouble" | "$numberDecimal" => Some(Self::Real),
            _ => None,
        }
    }

    fn unwrap(self, content: &Value) -> Option<Value> {
        match self {
            Self::Text => content.as_str().map(|_| content.clone()),
            Self::Date => date(content),
            Self::Integer => integer(content.as_str()?),
            Self::Real => real(content.as_str()?),
        }
    }
}

/// Either a text, or milliseconds since 1970, wrapped or (by older versions) not.
fn date(content: &Value) -> Option<Value> {
    let milliseconds = match content {
        Value::String(_) => return Some(content.clone()),
        Value::Number(number) => number.as_str(),
        Value::Object(object) => match wrapper(object)? {
            (Wrapper::Integer, content) => content.as_str()?,
            (Wrapper::Text | Wrapper::Date | Wrapper::Real, _) => return None,
        },
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
        check(r#"[{"a":[{"$numberInt":"1"}]},{"$oid":"x"}]"#, r#"[{"a":[1]},"x"]"#);
    }

    #[test]
    fn what_does_not_fit_stays_as_it_is() {
        for unfit in [
            r#"{"$oid":5}"#,
            r#"{"$oid":"x","more":1}"#,
            r#"{"$date":null}"#,
            r#"{"$date":1.5}"#,
            r#"{"$date":{"$numberDouble":"1"}}"#,
            // The year 10000, which RFC 3339 cannot write.
            r#"{"$date":{"$numberLong":"253402300800000"}}"#,
            r#"{"$numberLong":"1.5"}"#,
            r#"{"$numberLong":""}"#,
            r#"{"$numberLong":"-"}"#,
            r#"{"$numberLong":"0123"}"#,
            r#"{"$numberLong":5}"#,
            r#"{"$numberDouble":"true"}"#,
            r#"{"$numberDouble":"[1]"}"#,
            r#"{"$numberDecimal":"1E+6000"}"#,
            r#"{"oid":"x"}"#,
            "{}",
        ] {
            check(unfit, unfit);
        }
    }

    #[test]
    fn an_underscore_id_becomes_the_id_where_there_is_none() {
        assert_eq!(converted(r#"{"_id":{"$oid":"a"},"b":{"_id":"c"}}"#), r#"{"b":{"_id":"c"},"id":"a"}"#);
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

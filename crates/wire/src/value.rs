//! `google.protobuf.Value` to JSON and back. Its numbers are doubles, so the way back can lose digits.

use json::{Number, Path, Problem, Step, Tree, Value};
use prost_types::{ListValue, Struct, value::Kind};

/// The JSON that a protobuf value stands for.
///
/// # Errors
/// The first thing that JSON, or the service, does not take.
pub fn json(value: prost_types::Value, path: &Path<'_>) -> Result<Value, Problem> {
    let refuse = |rule, description: &str| {
        Err(Problem { path: path.to_string(), rule, description: description.to_owned() })
    };
    match value.kind {
        None => {
            refuse("required", "must be given: a google.protobuf.Value without a kind stands for nothing")
        }
        Some(Kind::NullValue(_)) => Ok(Value::Null),
        Some(Kind::BoolValue(bool)) => Ok(Value::Bool(bool)),
        Some(Kind::NumberValue(double)) => match Number::from_double(double) {
            Some(number) => Ok(Value::Number(number)),
            None => refuse("finite", "must be a finite number"),
        },
        Some(Kind::StringValue(text)) if text.contains('\0') => {
            refuse("no_nul", "must not hold the character U+0000")
        }
        Some(Kind::StringValue(text)) => Ok(Value::String(text.into())),
        Some(Kind::ListValue(list)) => {
            let items = list.values.into_iter().enumerate();
            let items = items.map(|(at, item)| json(item, &path.then(Step::Index(at))));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        Some(Kind::StructValue(fields)) => object(fields, path),
    }
}

/// The JSON object that a protobuf struct stands for.
///
/// # Errors
/// As [`json`].
pub fn object(fields: Struct, path: &Path<'_>) -> Result<Value, Problem> {
    let members = fields.fields.into_iter().map(|(name, value)| {
        if name.contains('\0') {
            let description = "must not hold the character U+0000, as a member name here does".to_owned();
            return Err(Problem { path: path.to_string(), rule: "no_nul", description });
        }
        let value = json(value, &path.then(Step::Name(&name)))?;
        Ok((name, value))
    });
    Ok(Value::Object(members.collect::<Result<_, _>>()?))
}

/// How deep a value may be nested to be given as `google.protobuf.Value`. Clients decode at most 100 messages within
/// each other, an object takes three of them, and a reply has some around it.
pub const MAX_DEPTH: usize = 24;

/// The nearest protobuf value, and whether it stands for just this JSON. None for what clients could not take: nested
/// deeper than [`MAX_DEPTH`], or holding a number beyond the doubles, for which they would have infinity.
pub fn protobuf(value: &Tree<'_>) -> Option<(prost_types::Value, bool)> {
    let mut exact = true;
    let value = (value.depth() <= MAX_DEPTH).then(|| part(value, &mut exact)).flatten()?;
    Some((value, exact))
}

/// The nearest protobuf list, as [`protobuf`].
pub fn list(value: &Tree<'_>) -> Option<ListValue> {
    match protobuf(value)?.0.kind {
        Some(Kind::ListValue(list)) => Some(list),
        Some(
            Kind::NullValue(_)
            | Kind::BoolValue(_)
            | Kind::NumberValue(_)
            | Kind::StringValue(_)
            | Kind::StructValue(_),
        )
        | None => None,
    }
}

/// Clears `exact` where a number is rounded.
fn part(value: &Tree<'_>, exact: &mut bool) -> Option<prost_types::Value> {
    let kind = match value {
        Tree::Null => Kind::NullValue(prost_types::NullValue::NullValue.into()),
        Tree::Bool(bool) => Kind::BoolValue(*bool),
        Tree::Number(number) => {
            let (double, same) = number.to_double();
            *exact &= same;
            Kind::NumberValue(double.is_finite().then_some(double)?)
        }
        Tree::String(text) => Kind::StringValue(text.clone().into_owned()),
        Tree::Array(items) => {
            let values = items.iter().map(|item| part(item, exact)).collect::<Option<_>>()?;
            Kind::ListValue(ListValue { values })
        }
        Tree::Object(members) => {
            let fields = members.iter().map(|(name, value)| Some((name.to_owned(), part(value, exact)?)));
            Kind::StructValue(Struct { fields: fields.collect::<Option<_>>()? })
        }
    };
    Some(prost_types::Value { kind: Some(kind) })
}

//! Any value, for properties.

use proptest::prelude::*;

use super::{Number, Value};

/// Any JSON value, at most five arrays or objects deep.
pub fn any_value() -> impl Strategy<Value = Value> {
    let number = "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,8})?"
        .prop_map(|text| Value::Number(Number::canonical(&text).expect("short enough")));
    let string = any::<String>().prop_map(|text| text.replace('\0', ""));
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number,
        string.clone().prop_map(|text| Value::String(text.into()))
    ];
    scalar.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            prop::collection::vec((string.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

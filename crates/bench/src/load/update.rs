//! The documented update, with a token in it by which it can be told from all others.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use channel_session_api::v1::Attribute;
use prost_types::{Struct, Value, value::Kind};
use store_testkit::seed;

use crate::Failure;

/// Names one update of all that this process makes, and stands in place of the documented browser id. The floor's are
/// random, and as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Token(u64);

impl Token {
    /// One that there has not been.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1_000_000_000);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an update's token is in the changes of its event: the list has one, of the attribute `info`.
pub(crate) const TOKEN_IN_CHANGES: [&str; 4] = ["0", "newValue", "browserDeviceInfo", "browserId"];

/// Where it is within the value of the attribute `info`, which comes first.
const TOKEN_IN_VALUE: [&str; 2] = ["browserDeviceInfo", "browserId"];

/// The list of attributes as protobuf.
#[derive(Debug, Clone)]
pub(crate) struct Attributes(Vec<Attribute>);

impl Attributes {
    /// The list as it is documented.
    pub(crate) fn documented() -> Result<Self, Failure> {
        #[derive(serde::Deserialize)]
        struct Documented {
            key: String,
            r#type: String,
            value: serde_json::Value,
        }
        let attributes: Vec<Documented> = serde_json::from_str(seed::UPDATE_DATA_REQUEST)?;
        let attributes = attributes.into_iter().map(|Documented { key, r#type, value }| Attribute {
            key,
            r#type,
            value: Some(protobuf(value)),
            value_json: None,
        });
        Ok(Self(attributes.collect()))
    }

    /// The list with a token in it.
    pub(crate) fn with(&self, token: Token) -> Result<Vec<Attribute>, Failure> {
        let mut attributes = self.0.clone();
        let mut at = attributes.first_mut().and_then(|info| info.value.as_mut());
        for name in TOKEN_IN_VALUE {
            at = match at.and_then(|value| value.kind.as_mut()) {
                Some(Kind::StructValue(members)) => members.fields.get_mut(name),
                _ => None,
            };
        }
        let browser_id = at.ok_or("the documented update has no browser id")?;
        browser_id.kind = Some(Kind::StringValue(token.to_string()));
        Ok(attributes)
    }
}

fn protobuf(value: serde_json::Value) -> Value {
    let kind = match value {
        serde_json::Value::Null => Kind::NullValue(0),
        serde_json::Value::Bool(value) => Kind::BoolValue(value),
        serde_json::Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(value) => Kind::StringValue(value),
        serde_json::Value::Array(values) => {
            Kind::ListValue(prost_types::ListValue { values: values.into_iter().map(protobuf).collect() })
        }
        serde_json::Value::Object(members) => {
            let fields = members.into_iter().map(|(name, value)| (name, protobuf(value))).collect();
            Kind::StructValue(Struct { fields })
        }
    };
    Value { kind: Some(kind) }
}

/// The list of attributes as JSON: what is before the token, and what behind.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    before: String,
    behind: String,
}

impl Body {
    /// The list as it is documented, without white space.
    pub(crate) fn documented() -> Result<Self, Failure> {
        const PLACE: &str = "token";
        let mut attributes: serde_json::Value = serde_json::from_str(seed::UPDATE_DATA_REQUEST)?;
        let mut at = attributes.pointer_mut("/0/value");
        for name in TOKEN_IN_VALUE {
            at = at.and_then(|value| value.get_mut(name));
        }
        *at.ok_or("the documented update has no browser id")? = PLACE.into();
        let text = attributes.to_string();
        let (before, behind) = text.split_once(PLACE).ok_or("what was put in is there")?;
        Ok(Self { before: before.to_owned(), behind: behind.to_owned() })
    }

    /// The list with a token in it.
    pub(crate) fn with(&self, token: Token) -> String {
        format!("{}{token}{}", self.before, self.behind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_differ_and_are_equally_long() {
        let [one, other] = [Token::next(), Token::next()];
        assert_ne!(one, other);
        assert_eq!([one, other].map(|token| token.to_string().len()), [10, 10]);
    }

    #[test]
    fn a_body_is_the_documented_one_but_for_the_browser_id() {
        let token = Token::next();
        let mut expected: serde_json::Value = serde_json::from_str(seed::UPDATE_DATA_REQUEST).unwrap();
        expected[0]["value"]["browserDeviceInfo"]["browserId"] = json!(token.to_string());
        assert_eq!(Body::documented().unwrap().with(token), expected.to_string());
    }

    #[test]
    fn attributes_are_the_documented_ones_but_for_the_browser_id() {
        let documented = Attributes::documented().unwrap();
        let token = Token::next();
        let mut expected = documented.0.clone();
        assert_eq!(
            expected.iter().map(|it| (it.key.as_str(), it.r#type.as_str())).collect::<Vec<_>>(),
            [("info", "AlphanumSpecial200"), ("name", "String2000")]
        );
        let browser_id = |browser_id: String| {
            protobuf(json!({"browserDeviceInfo": {"browserId": browser_id, "browserIdExpiryTime": "9999",
                                                  "browserName": "chrome", "deviceType": "desktop"}}))
        };
        assert_eq!(expected[0].value, Some(browser_id("123456".to_owned())));
        expected[0].value = Some(browser_id(token.to_string()));
        assert_eq!(documented.with(token).unwrap(), expected);
    }
}

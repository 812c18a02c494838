//! The documented update, with a token in it that distinguishes it from all others.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use channel_session_api::v1::{Attribute, UpdateDataRequest};
use prost::Message as _;
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

/// The update as an encoded `UpdateDataRequest`, but for its session's id: what is before the token, and what behind.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    before: Vec<u8>,
    behind: Vec<u8>,
}

impl Message {
    /// The update as it is documented, answered with this view.
    pub(crate) fn documented(view: i32) -> Result<Self, Failure> {
        #[derive(serde::Deserialize)]
        struct Documented {
            key: String,
            r#type: String,
            value: serde_json::Value,
        }
        let mut attributes: Vec<Documented> = serde_json::from_str(seed::UPDATE_DATA_REQUEST)?;
        // As long as every token: lengths stand in front of what they are of.
        let token = Token::next().to_string();
        let info = attributes.first_mut().ok_or("the documented update is empty")?;
        *browser_id(&mut info.value)? = token.as_str().into();
        let attributes = attributes.into_iter().map(|Documented { key, r#type, value }| Attribute {
            key,
            r#type,
            value: Some(protobuf(value)),
            value_json: None,
        });
        let request =
            UpdateDataRequest { attributes: attributes.collect(), view, ..UpdateDataRequest::default() };
        let encoded = request.encode_to_vec();
        let at = encoded.windows(token.len()).position(|part| part == token.as_bytes());
        let at = at.ok_or("what was put in is there")?;
        Ok(Self { before: encoded[..at].to_vec(), behind: encoded[at + token.len()..].to_vec() })
    }

    /// The update of a session, with a token in it. Messages that stand one behind the other are one with the members of
    /// both.
    pub(crate) fn with(&self, session: u32, token: Token) -> Vec<u8> {
        let id = UpdateDataRequest {
            channel_session_id: format!("session-{session}"),
            ..UpdateDataRequest::default()
        };
        [&*id.encode_to_vec(), &*self.before, token.to_string().as_bytes(), &*self.behind].concat()
    }
}

/// The browser id within the value of the attribute `info`.
fn browser_id(value: &mut serde_json::Value) -> Result<&mut serde_json::Value, Failure> {
    let mut at = Some(value);
    for name in TOKEN_IN_VALUE {
        at = at.and_then(|value| value.get_mut(name));
    }
    at.ok_or_else(|| "the documented update has no browser id".into())
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
        const TOKEN: &str = "token";
        let mut attributes: serde_json::Value = serde_json::from_str(seed::UPDATE_DATA_REQUEST)?;
        let info = attributes.pointer_mut("/0/value").ok_or("the documented update is empty")?;
        *browser_id(info)? = TOKEN.into();
        let text = attributes.to_string();
        let (before, behind) = text.split_once(TOKEN).ok_or("what was put in is there")?;
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
    fn a_message_is_the_documented_update_of_a_session_but_for_the_browser_id() {
        let token = Token::next();
        let message = Message::documented(2).unwrap().with(17, token);
        let request = UpdateDataRequest::decode(&*message).unwrap();
        let browser_info = json!({"browserDeviceInfo": {"browserId": token.to_string(), "browserIdExpiryTime": "9999",
                                                        "browserName": "chrome", "deviceType": "desktop"}});
        let attribute = |key: &str, r#type: &str, value| Attribute {
            key: key.to_owned(),
            r#type: r#type.to_owned(),
            value: Some(protobuf(value)),
            value_json: None,
        };
        let expected = UpdateDataRequest {
            channel_session_id: "session-17".to_owned(),
            attributes: vec![
                attribute("info", "AlphanumSpecial200", browser_info),
                attribute("name", "String2000", json!("Haroon Ahmed1")),
            ],
            view: 2,
            ..UpdateDataRequest::default()
        };
        assert_eq!(request, expected);
    }
}

//! Labels of series.

use std::{
    fmt::{Error, Write as _},
    hash::{Hash, Hasher},
};

use prometheus_client::encoding::{EncodeLabel, EncodeLabelValue as _, LabelEncoder};

/// A label: the attribute's name and its value. One with an empty value is as good as none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label(pub(crate) &'static str, pub(crate) Value);

/// Without the name, which is the same for all series of a metric: each call looks for its own.
impl Hash for Label {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.1.hash(state);
    }
}

/// A label's value, out of a set that is bounded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Text(&'static str),
    Number(u16),
    Owned(String),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Owned(text)
    }
}

/// A label of an attribute.
pub(crate) fn label(name: &'static str, value: impl Into<Value>) -> Label {
    Label(name, value.into())
}

impl EncodeLabel for Label {
    fn encode(&self, mut encoder: LabelEncoder<'_>) -> Result<(), Error> {
        let mut key = encoder.encode_label_key()?;
        for part in self.0.split_inclusive('.') {
            match part.strip_suffix('.') {
                Some(part) => {
                    key.write_str(part)?;
                    key.write_char('_')?;
                }
                None => key.write_str(part)?,
            }
        }
        let mut value = key.encode_label_value()?;
        match &self.1 {
            Value::Text(text) => text.encode(&mut value)?,
            Value::Number(number) => number.encode(&mut value)?,
            Value::Owned(text) => text.encode(&mut value)?,
        }
        value.finish()
    }
}

//! An entry of the stored list of attributes.

use json::{Object, Value};

/// Type and value of an entry as they are stored; other systems may have left either out, or a type that is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `type`
    pub value_type: Option<Value>,
    /// `value`
    pub value: Option<Value>,
}

impl Entry {
    pub(crate) fn of(entry: &Object) -> Self {
        Self { value_type: entry.get("type").cloned(), value: entry.get("value").cloned() }
    }

    /// Gives a stored entry this type and value; its other members stay.
    pub(crate) fn write_into(&self, entry: &mut Object) {
        for (name, value) in [("type", &self.value_type), ("value", &self.value)] {
            match value {
                Some(value) => entry.insert(name, value.clone()),
                None => entry.remove(name),
            }
        }
    }
}

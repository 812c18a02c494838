//! The items of a list, as far as they are wanted.

use std::fmt;

use serde::{
    Deserializer as _,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Deserializer, value::RawValue};

/// Why there are no items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoItems {
    /// It is no list.
    NotAList,
    /// There are more than are wanted: so many.
    TooMany(usize),
}

/// The items of a list. More than `max` are counted and not kept: the text of one may be a hundredth of what is made of it.
///
/// # Errors
/// [`NoItems`], for anything but a list of at most `max` items.
pub fn items(raw: &RawValue, max: usize) -> Result<Vec<&RawValue>, NoItems> {
    let (items, count) =
        Deserializer::from_str(raw.get()).deserialize_seq(Items { max }).map_err(|_| NoItems::NotAList)?;
    if count > max { Err(NoItems::TooMany(count)) } else { Ok(items) }
}

struct Items {
    max: usize,
}

impl<'de> Visitor<'de> for Items {
    /// Those that are kept, and how many there are.
    type Value = (Vec<&'de RawValue>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < self.max {
            match list.next_element()? {
                Some(item) => items.push(item),
                None => {
                    let count = items.len();
                    return Ok((items, count));
                }
            }
        }
        let mut count = items.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok((items, count))
    }
}

//! Pages of a list: how much is in one, and where the next one starts. Knows no list in particular.

mod token;

use domain::{Error, violation::Violation};
use prost::Message;

pub(crate) use token::{Listing, invalid_token};

/// How often the store is asked for one page, at most. It may look at many items and find few, and what it takes to fill a
/// page then has no bound but this.
pub(crate) const MAX_LOOKS: usize = 10;

/// A page that is being filled, up to a number of items and a size, whichever comes first.
#[derive(Debug)]
pub(crate) struct Page<M> {
    items: Vec<M>,
    bytes: usize,
    max_items: usize,
    /// How many items are asked for before it is known how large they are.
    first_step: usize,
}

impl<M: Message> Page<M> {
    /// How many items a page has where a request does not say.
    const DEFAULT_ITEMS: usize = 100;
    /// The most items that a page has.
    const MAX_ITEMS: usize = 1000;
    /// The most that a page takes, in bytes, unless its first item takes more. Clients refuse messages of over 4 MiB
    /// unless they are configured otherwise.
    const MAX_BYTES: usize = 4_000_000;
    /// The most items that are asked for before it is known how large they are: each may be one of megabytes.
    const FIRST_STEP: usize = 16;
    /// The most items that are asked for at once.
    const MAX_STEP: usize = 250;

    /// An empty page of the size that a request asks for.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if it is negative.
    pub(crate) fn parse(page_size: i32) -> Result<Self, Error> {
        let Ok(asked) = usize::try_from(page_size) else {
            let description = "must not be negative; 0 stands for 100, and 1000 is the most";
            return Err(Error::InvalidParameter(Violation::new("page_size", "not_negative", description)));
        };
        let max_items = if asked == 0 { Self::DEFAULT_ITEMS } else { asked.min(Self::MAX_ITEMS) };
        Ok(Self { items: Vec::new(), bytes: 0, max_items, first_step: Self::FIRST_STEP })
    }

    /// The same where an item may be so large.
    pub(crate) fn expecting(self, bytes: usize) -> Self {
        let first_step = (Self::MAX_BYTES / bytes.max(1)).clamp(1, Self::FIRST_STEP);
        Self { first_step, ..self }
    }

    /// How many items to ask the store for next: as many as have room, if they are as large as those so far. Asking for a
    /// whole page at once could bring gigabytes.
    pub(crate) fn step(&self) -> usize {
        let by_size = match self.bytes.checked_div(self.items.len()) {
            None => self.first_step,
            Some(average) => Self::MAX_BYTES.saturating_sub(self.bytes) / average.max(1),
        };
        by_size.clamp(1, Self::MAX_STEP).min(self.max_items - self.items.len())
    }

    /// Adds an item, and says whether it had room. The first always has, or a list would never get past it.
    pub(crate) fn push(&mut self, item: M) -> bool {
        // A tag and a length precede an item.
        const FRAMING: usize = 8;
        let bytes = self.bytes + item.encoded_len() + FRAMING;
        let has_room = self.items.is_empty() || (bytes <= Self::MAX_BYTES && !self.is_full());
        if has_room {
            self.bytes = bytes;
            self.items.push(item);
        }
        has_room
    }

    /// Whether there is no room for another item, however small.
    pub(crate) fn is_full(&self) -> bool {
        self.items.len() >= self.max_items || self.bytes >= Self::MAX_BYTES
    }

    pub(crate) fn into_items(self) -> Vec<M> {
        self.items
    }
}

#[cfg(test)]
mod tests;

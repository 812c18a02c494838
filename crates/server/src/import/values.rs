//! Documents that may span lines: the elements of an array, or one behind the other.
//!
//! They are separated by their brackets and strings alone, so that no more than one is in memory. Once a bracket or
//! a quotation mark is missing, it is unknown where the next one begins; so what is not JSON ends the input.

use super::{
    Cause,
    document::not_json,
    entries::{Entry, Location, Text},
    input::{Input, is_white_space},
};

/// The values of an input, in order.
pub(super) struct Values {
    pub(super) input: Input,
    is_array: bool,
    /// How many have been read.
    count: u64,
}

impl Values {
    /// The elements of the array that begins with the byte that comes next.
    pub(super) fn array(mut input: Input) -> Self {
        input.take(1);
        Self { input, is_array: true, count: 0 }
    }

    /// Values with white space between them.
    pub(super) fn spread(input: Input) -> Self {
        Self { input, is_array: false, count: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Option<Entry>, Cause> {
        if !(if self.is_array { self.next_in_array()? } else { self.input.skip_white_space()?.is_some() }) {
            return Ok(None);
        }
        self.count += 1;
        let (number, line) = (self.count, self.input.line);
        let location = if self.is_array {
            Location::Element { number, line }
        } else {
            Location::Document { number, line }
        };
        let text = self.value(location)?.finish();
        if let Ok(text) = &text
            && let Err(error) = json::syntax(text)
        {
            let line = line + error.line().saturating_sub(1) as u64;
            return Err(Cause::Malformed {
                location,
                reason: format!("{}, on line {line}", not_json(&error)),
            });
        }
        Ok(Some(Entry { location, text }))
    }

    /// Goes to where the next element begins; false at the end of the array.
    fn next_in_array(&mut self) -> Result<bool, Cause> {
        let mut next = self.input.skip_white_space()?;
        if next == Some(b']') {
            return self.end_of_array();
        }
        if self.count > 0 && next.is_some() {
            if next != Some(b',') {
                return Err(self.malformed("not JSON: expected `,` or `]` behind the last element"));
            }
            self.input.take(1);
            next = self.input.skip_white_space()?;
        }
        match next {
            None => Err(self.malformed("the array's `]` is missing: the input may have been cut off here")),
            Some(b',' | b']') => Err(self.malformed("not JSON: expected an element")),
            Some(_) => Ok(true),
        }
    }

    fn end_of_array(&mut self) -> Result<bool, Cause> {
        self.input.take(1);
        match self.input.skip_white_space()? {
            None => Ok(false),
            Some(_) => Err(self.malformed("there is more behind the end of the array")),
        }
    }

    fn value(&mut self, location: Location) -> Result<Text, Cause> {
        let mut text = Text::default();
        let mut extent = Extent::default();
        loop {
            let next = self.input.next()?;
            let (count, is_end) = extent.scan(next);
            text.push(&next[..count]);
            if next.is_empty() && extent.is_open() {
                let reason = "not JSON: the input ends within it, and may have been cut off".to_owned();
                return Err(Cause::Malformed { location, reason });
            }
            self.input.take(count);
            if is_end || count == 0 {
                return Ok(text);
            }
        }
    }

    fn malformed(&self, reason: &str) -> Cause {
        Cause::Malformed { location: Location::Line(self.input.line), reason: reason.to_owned() }
    }
}

/// Finds where a value ends.
#[derive(Default)]
struct Extent {
    has_begun: bool,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Extent {
    /// How many of these bytes belong to the value, and whether it ends with them.
    fn scan(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            let is_inside = self.depth > 0;
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if is_inside => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                // What is neither array nor object ends where something else begins.
                b',' | b'}' | b']' if self.has_begun && !is_inside => return (at, true),
                byte if is_white_space(*byte) && !is_inside => return (at, true),
                _ => {}
            }
            self.has_begun = true;
        }
        (bytes.len(), false)
    }

    fn is_open(&self) -> bool {
        self.depth > 0 || self.in_string
    }
}

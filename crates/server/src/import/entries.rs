//! From bytes to the texts of documents, in whichever of the formats they come.

use std::fmt;

use super::{Cause, input::Input, lines::Lines, values::Values};

/// The text of one document, or why it cannot be taken; not checked beyond what it takes to find its end.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) location: Location,
    pub(super) text: Result<String, String>,
}

/// Where a document stands in the input; lines and documents are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// A line of its own.
    Line(u64),
    /// An element of the array.
    Element {
        /// Which element.
        number: u64,
        /// The line that it begins on.
        line: u64,
    },
    /// A document that is spread over lines, outside an array.
    Document {
        /// Which document.
        number: u64,
        /// The line that it begins on.
        line: u64,
    },
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Element { number, line } => write!(f, "line {line} (element {number})"),
            Self::Document { number, line } => write!(f, "line {line} (document {number})"),
        }
    }
}

/// The entries of an input, in order.
pub(super) enum Entries {
    Lines(Lines),
    Values(Values),
}

/// The longest entry, in bytes as it stands. White space and MongoDB's wrappers make an entry longer than the
/// document that is stored; eight times the largest document leaves them room. What is longer is not kept in memory.
pub(super) const MAX_BYTES: usize = 8 * domain::session::Document::MAX_BYTES;

impl Entries {
    /// Takes a look at how the input begins. A `[` begins an array. A `{` alone on its line begins documents that
    /// are spread over lines, as `jq` writes them. All else is one document per line.
    pub(super) fn open(mut input: Input) -> Result<Self, Cause> {
        const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
        if input.ahead(BYTE_ORDER_MARK.len())?.starts_with(BYTE_ORDER_MARK) {
            input.take(BYTE_ORDER_MARK.len());
        }
        if let Some((what, fix)) = foreign(input.ahead(LONGEST_MARK)?) {
            return Err(Cause::Format { what, fix });
        }
        Ok(match input.skip_white_space()? {
            None => return Err(Cause::Empty),
            Some(b'[') => Self::Values(Values::array(input)),
            Some(b'{') if ends_line(&mut input)? => Self::Values(Values::spread(input)),
            _ => Self::Lines(Lines::new(input)),
        })
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// There may be more, but it cannot be reached.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Cause> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Values(values) => values.next(),
        }
    }

    /// How many bytes have been taken from the input.
    pub(super) fn taken(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.input.taken,
            Self::Values(values) => values.input.taken,
        }
    }
}

/// What an input begins with that is no text in UTF-8, what that is, and what to do.
const MARKS: [(&[u8], &str, &str); 11] = [
    (&[0x1f, 0x8b], "compressed with gzip", UNPACK),
    (&[0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd", UNPACK),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "compressed with xz", UNPACK),
    (b"BZh", "compressed with bzip2", UNPACK),
    (b"PK\x03\x04", "a zip file", UNPACK),
    // Before UTF-16, whose mark begins alike.
    (&[0xff, 0xfe, 0, 0], "in UTF-32", CONVERT),
    (&[0xff, 0xfe], "in UTF-16", CONVERT),
    (&[0xfe, 0xff], "in UTF-16", CONVERT),
    (b"{\0", "in UTF-16", CONVERT),
    (b"[\0", "in UTF-16", CONVERT),
    (b"\0", "in UTF-16, or no text", CONVERT),
];
const UNPACK: &str = "unpack it first";
const CONVERT: &str = "convert it to UTF-8 first, for instance with iconv";
const LONGEST_MARK: usize = 5;

fn foreign(begin: &[u8]) -> Option<(&'static str, &'static str)> {
    MARKS.iter().find(|(mark, ..)| begin.starts_with(mark)).map(|(_, what, fix)| (*what, *fix))
}

/// Whether there is nothing but white space between the byte that comes next and the end of its line.
fn ends_line(input: &mut Input) -> Result<bool, Cause> {
    // Nobody ends a line with more white space than this.
    const FAR_ENOUGH: usize = 64;
    for length in 2..=FAR_ENOUGH {
        match input.ahead(length)?.get(length - 1) {
            Some(b'\n') => return Ok(true),
            Some(b' ' | b'\t' | b'\r') => {}
            Some(_) | None => return Ok(false),
        }
    }
    Ok(false)
}

/// An entry's bytes as they come in, kept up to [`MAX_BYTES`] of them.
#[derive(Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    is_too_long: bool,
}

impl Text {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.is_too_long || self.bytes.len() + bytes.len() > MAX_BYTES {
            *self = Self { bytes: Vec::new(), is_too_long: true };
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The text, or why it cannot be taken.
    pub(super) fn finish(self) -> Result<String, String> {
        if self.is_too_long {
            return Err(format!("longer than {MAX_BYTES} bytes"));
        }
        String::from_utf8(self.bytes).map_err(|error| {
            format!("not UTF-8: the byte behind the first {} is wrong", error.utf8_error().valid_up_to())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_not_kept() {
        let mut text = Text::default();
        text.push(&vec![b'x'; MAX_BYTES]);
        assert_eq!(text.bytes.len(), MAX_BYTES);
        text.push(b"x");
        assert_eq!(text.bytes.capacity(), 0);
        text.push(b"x");
        assert_eq!(text.bytes.capacity(), 0);
        assert_eq!(text.finish(), Err("longer than 16777216 bytes".to_owned()));
    }
}

//! One document per line.

use super::{
    Cause,
    entries::{Entry, Location, Text},
    input::{Input, is_white_space},
};

/// The lines of an input that are not blank. Whatever is in a line, the next one can be read.
pub(super) struct Lines {
    pub(super) input: Input,
}

impl Lines {
    pub(super) fn new(input: Input) -> Self {
        Self { input }
    }

    pub(super) fn next(&mut self) -> Result<Option<Entry>, Cause> {
        loop {
            let location = Location::Line(self.input.line);
            let Some(line) = self.line()? else { return Ok(None) };
            let text = line.finish();
            if text.as_ref().is_ok_and(|text| text.bytes().all(is_white_space)) {
                continue;
            }
            return Ok(Some(Entry { location, text }));
        }
    }

    fn line(&mut self) -> Result<Option<Text>, Cause> {
        let mut line = Text::default();
        if self.input.next()?.is_empty() {
            return Ok(None);
        }
        loop {
            let next = self.input.next()?;
            let end = next.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(next.len(), |end| end + 1);
            line.push(&next[..count]);
            self.input.take(count);
            if end.is_some() || count == 0 {
                return Ok(Some(line));
            }
        }
    }
}

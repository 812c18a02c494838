//! Bytes with a look ahead, and with the count of lines that goes into every report.

use std::io::{self, ErrorKind, Read};

use super::Cause;

/// The input, read through a buffer.
pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// The line, counted from 1, that the next byte is on.
    pub(super) line: u64,
    /// How many bytes have been taken.
    pub(super) taken: u64,
}

pub(super) const BUFFER_BYTES: usize = 64 * 1024;

impl Input {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Self { reader, buffer, start: 0, end: 0, line: 1, taken: 0 }
    }

    /// What comes next: at least one byte, or none at the end.
    pub(super) fn next(&mut self) -> Result<&[u8], Cause> {
        self.ahead(1)
    }

    /// What comes next: at least `wanted` bytes, or fewer at the end. Waits for no more than that.
    pub(super) fn ahead(&mut self, wanted: usize) -> Result<&[u8], Cause> {
        debug_assert!(wanted <= self.buffer.len(), "the buffer cannot hold that much");
        while self.end - self.start < wanted {
            if self.end == self.buffer.len() || self.start == self.end {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(self.failed(source)),
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Moves on behind so many of the bytes that come next.
    pub(super) fn take(&mut self, count: usize) {
        let taken = &self.buffer[self.start..self.start + count];
        self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.taken += count as u64;
        self.start += count;
    }

    /// Moves on behind white space, and returns the byte that comes next.
    pub(super) fn skip_white_space(&mut self) -> Result<Option<u8>, Cause> {
        loop {
            let next = self.next()?;
            let blank = next.iter().take_while(|byte| is_white_space(**byte)).count();
            let byte = next.get(blank).copied();
            let at_end = next.is_empty();
            self.take(blank);
            if byte.is_some() || at_end {
                return Ok(byte);
            }
        }
    }

    fn failed(&self, source: io::Error) -> Cause {
        Cause::Read { line: self.line, source }
    }
}

/// White space as JSON has it.
pub(super) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

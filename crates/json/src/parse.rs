//! From JSON text to a value, with everything that the service refuses wherever it appears.

use std::{borrow::Cow, thread};

use memchr::memchr2;

use super::{
    Members, Number, Path, Problem, Step, Tree,
    members::Member,
    problem::{nul, number_too_long, surrogate},
};

/// Why a text becomes no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// What the service does not take in it; never empty.
    Problems(Vec<Problem>),
    /// Written out it takes more bytes than it may: at least so many. What is behind that was not looked at.
    TooLong(usize),
}

/// As many problems as one value reports; a hostile one could have a million.
const MAX_PROBLEMS: usize = 100;

/// Builds the value that a JSON text stands for, nested at most `max_depth` deep. That the text is JSON has to be known:
/// see [`super::syntax`]. For another one it returns some value or other.
///
/// # Errors
/// All that the service refuses, at most 100 of them: U+0000, lone surrogates, nesting, numbers that are too long.
pub fn parse<'a>(text: &'a str, max_depth: usize, root: &Path<'_>) -> Result<Tree<'a>, Vec<Problem>> {
    parse_within(text, max_depth, usize::MAX, root).map_err(|refused| match refused {
        Refused::Problems(problems) => problems,
        Refused::TooLong(_) => Vec::new(),
    })
}

/// The same of a text that takes at most `max_bytes` when it is written out, members counted that are given again. No more
/// than that is ever built: five bytes of a number can be four hundred of its text.
///
/// # Errors
/// As [`parse`], and that it is too long.
pub fn parse_within<'a>(
    text: &'a str,
    max_depth: usize,
    max_bytes: usize,
    root: &Path<'_>,
) -> Result<Tree<'a>, Refused> {
    let mut parser = Parser {
        rest: text,
        max_depth,
        left: max_bytes,
        is_too_long: false,
        problems: Vec::new(),
        members: Vec::new(),
        parts: 0,
    };
    let value = parser.value(0, root);
    if !parser.problems.is_empty() {
        Err(Refused::Problems(parser.problems))
    } else if parser.is_too_long {
        Err(Refused::TooLong(max_bytes.saturating_add(1)))
    } else {
        Ok(value)
    }
}

/// Walks a text once from its start to its end. That it is JSON has been checked, so whatever begins something is taken at
/// its word. (serde, which checked it, would not give a number's text.)
struct Parser<'a> {
    rest: &'a str,
    max_depth: usize,
    /// How many bytes may still be written out.
    left: usize,
    is_too_long: bool,
    problems: Vec<Problem>,
    /// The members so far of the objects that have been entered, those of the innermost one last.
    members: Vec<Member<'a>>,
    /// How many parts of arrays and objects it has come to.
    parts: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize, path: &Path<'_>) -> Tree<'a> {
        match self.peek() {
            b'{' | b'[' if depth == self.max_depth => {
                self.skip();
                let description = format!("must be nested at most {depth} levels deep");
                self.refuse(Problem { path: path.to_string(), rule: "depth", description })
            }
            b'{' => self.object(depth + 1, path),
            b'[' => self.array(depth + 1, path),
            b'"' => match self.string() {
                Some(text) if has_nul(&text) => self.refuse(nul(path, "text")),
                Some(text) => {
                    self.write(text.len() + QUOTES);
                    Tree::String(text)
                }
                None => self.refuse(surrogate(path, "text")),
            },
            b't' => self.literal("true", Tree::Bool(true)),
            b'f' => self.literal("false", Tree::Bool(false)),
            b'n' => self.literal("null", Tree::Null),
            _ => {
                let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                let end = self.rest.bytes().position(|byte| !is_part(byte)).unwrap_or(self.rest.len());
                if end == 0 {
                    // No JSON. Nothing behind it is looked at.
                    self.rest = "";
                }
                match Number::canonical(self.take(end)) {
                    Ok(number) => {
                        self.write(number.as_str().len());
                        Tree::Number(number)
                    }
                    Err(_) => self.refuse(number_too_long(path)),
                }
            }
        }
    }

    fn object(&mut self, depth: usize, path: &Path<'_>) -> Tree<'a> {
        let first = self.members.len();
        self.write(BRACKETS);
        self.take(1);
        while self.goes_on(b'}') {
            let Some(name) = self.string() else {
                self.refuse(surrogate(path, "a member name"));
                self.separator();
                self.skip();
                continue;
            };
            self.separator();
            self.write(name.len() + QUOTES + SEPARATOR);
            let path = path.then(Step::Name(&name));
            if has_nul(&name) {
                self.refuse(nul(&path, "a member name"));
                self.skip();
                continue;
            }
            let value = self.value(depth, &path);
            self.members.push((name, value));
        }
        Tree::Object(Members::take(&mut self.members, first))
    }

    fn array(&mut self, depth: usize, path: &Path<'_>) -> Tree<'a> {
        let mut items = Vec::new();
        self.write(BRACKETS);
        self.take(1);
        while self.goes_on(b']') {
            let value = self.value(depth, &path.then(Step::Index(items.len())));
            items.push(value);
        }
        Tree::Array(items)
    }

    /// Whether there is another part before the end of what has been entered; if not, leaves it.
    fn goes_on(&mut self, end: u8) -> bool {
        self.parts += 1;
        if self.parts.is_multiple_of(PARTS_AT_ONCE) {
            thread::yield_now();
        }
        if self.peek() == b',' {
            self.write(SEPARATOR);
            self.take(1);
        }
        let goes_on = !matches!(self.peek(), 0) && self.peek() != end;
        if !goes_on {
            self.take(1);
        }
        goes_on
    }

    fn separator(&mut self) {
        self.peek();
        self.take(1);
    }

    /// The text of a string; none if it holds a lone surrogate.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let (len, is_plain) = string_len(self.rest);
        let quoted = self.take(len);
        if is_plain {
            return Some(Cow::Borrowed(quoted.get(1..len - 1).unwrap_or_default()));
        }
        serde_json::from_str(quoted).ok().map(Cow::Owned)
    }

    fn literal(&mut self, text: &str, value: Tree<'a>) -> Tree<'a> {
        self.write(text.len());
        self.take(text.len());
        value
    }

    /// Passes over a value, whatever is in it.
    fn skip(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                0 => return,
                b'"' => drop(self.take(string_len(self.rest).0)),
                byte => {
                    match byte {
                        b'{' | b'[' => open += 1,
                        // Saturating: what is no JSON may close what it never opened.
                        b'}' | b']' => open = open.saturating_sub(1),
                        _ => {}
                    }
                    self.take(1);
                }
            }
            if open == 0 && matches!(self.peek(), 0 | b',' | b'}' | b']') {
                return;
            }
        }
    }

    /// The first byte of what comes next; 0 at the end.
    fn peek(&mut self) -> u8 {
        loop {
            match self.rest.as_bytes().first() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.rest = &self.rest[1..],
                first => return first.copied().unwrap_or(0),
            }
        }
    }

    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Counts what something takes when it is written out.
    fn write(&mut self, bytes: usize) {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => {
                self.is_too_long = true;
                // Nothing behind it is looked at.
                self.rest = "";
            }
        }
    }

    fn refuse(&mut self, problem: Problem) -> Tree<'a> {
        self.problems.push(problem);
        if self.problems.len() >= MAX_PROBLEMS {
            // Nothing behind it is looked at.
            self.rest = "";
        }
        Tree::Null
    }
}

/// How many parts are read before another thread may have the processor, if one waits for it: 0.03 to 0.23 ms. Otherwise it would
/// wait for the end of a time slice, which is milliseconds.
const PARTS_AT_ONCE: usize = 1024;

const QUOTES: usize = 2;
const BRACKETS: usize = 2;
const SEPARATOR: usize = 1;

/// How many bytes the string takes that a text starts with, both quotes included, and whether it has no escapes.
pub(super) fn string_len(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let (mut at, mut is_plain) = (1, true);
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return (at + 1, is_plain);
        }
        is_plain = false;
        at += 2;
    }
    (bytes.len(), is_plain)
}

/// Whether a string holds U+0000, which JSON has as an escape only.
#[expect(clippy::ptr_arg, reason = "whether it had escapes is what counts")]
fn has_nul(text: &Cow<'_, str>) -> bool {
    matches!(text, Cow::Owned(text) if text.contains('\0'))
}

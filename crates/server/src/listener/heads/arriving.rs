//! How much of a request's head has come, in what arrives on a connection of HTTP/1.1 or HTTP/2.

/// What a connection of HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Where in the protocol a connection is.
#[derive(Debug)]
pub(super) enum Arriving {
    /// At its beginning, which is so long and may be of either version.
    Preface(usize),
    /// In a head of HTTP/1.1, or before it.
    Head(Head),
    /// Behind a head of HTTP/1.1, until its call has been answered.
    Called,
    /// In frames of HTTP/2.
    Frames(Frames),
}

/// A head of HTTP/1.1, which ends with an empty line.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: usize,
    /// Whether there has been anything but the ends of lines, which may come before it.
    has_begun: bool,
    is_at_line: bool,
}

/// Frames of HTTP/2. A head is one of its own and those that continue it.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// What there is of a frame's first bytes.
    first: Vec<u8>,
    /// What is left of a frame.
    left: usize,
    /// What has come of the head that arrives.
    head: Option<usize>,
    /// Whether the head ends with this frame.
    is_last: bool,
}

/// A frame begins with its length, its type, its flags and its stream.
const FRAME_HEADER_BYTES: usize = 9;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

impl Default for Arriving {
    fn default() -> Self {
        Self::Preface(0)
    }
}

impl Arriving {
    /// Says how many bytes of an unfinished head have come, now that these have.
    pub(super) fn see(&mut self, mut bytes: &[u8]) -> usize {
        if let Self::Preface(matched) = self {
            let same = PREFACE[*matched..].iter().zip(bytes).take_while(|(one, other)| one == other).count();
            *matched += same;
            bytes = &bytes[same..];
            if *matched == PREFACE.len() {
                *self = Self::Frames(Frames::default());
            } else if bytes.is_empty() {
                return *matched;
            } else {
                let mut head = Head::default();
                let has_ended = head.ends_within(&PREFACE[..*matched]);
                *self = if has_ended { Self::Called } else { Self::Head(head) };
            }
        }
        match self {
            Self::Preface(_) | Self::Called => 0,
            Self::Frames(frames) => frames.see(bytes),
            Self::Head(head) => {
                if head.ends_within(bytes) {
                    *self = Self::Called;
                    return 0;
                }
                head.bytes
            }
        }
    }

    /// Whether it is known to be HTTP/2.
    pub(super) fn is_framed(&self) -> bool {
        matches!(self, Self::Frames(_))
    }

    /// Says that all calls so far have been answered, so that what comes next over HTTP/1.1 is another one's head.
    pub(super) fn answered(&mut self) {
        if matches!(self, Self::Called) {
            *self = Self::Head(Head::default());
        }
    }
}

impl Head {
    fn ends_within(&mut self, bytes: &[u8]) -> bool {
        self.bytes += bytes.len();
        for byte in bytes {
            match byte {
                b'\n' if self.is_at_line && self.has_begun => return true,
                b'\n' => self.is_at_line = true,
                b'\r' => {}
                _ => (self.has_begun, self.is_at_line) = (true, false),
            }
        }
        false
    }
}

impl Frames {
    fn see(&mut self, mut bytes: &[u8]) -> usize {
        while !bytes.is_empty() {
            let part = if self.left == 0 {
                self.first.push(bytes[0]);
                self.begin();
                1
            } else {
                let part = self.left.min(bytes.len());
                self.took(part);
                part
            };
            bytes = &bytes[part..];
        }
        self.head.unwrap_or(0)
    }

    /// Begins a frame, if its first bytes are all there.
    fn begin(&mut self) {
        let [a, b, c, kind, flags, _, _, _, _] = self.first[..] else { return };
        self.first.clear();
        self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        if matches!(kind, HEADERS | CONTINUATION) {
            self.is_last = flags & END_HEADERS != 0;
            *self.head.get_or_insert(0) += FRAME_HEADER_BYTES;
        }
        self.took(0);
    }

    /// Counts what has come of a frame.
    fn took(&mut self, bytes: usize) {
        self.left -= bytes;
        if let Some(head) = &mut self.head {
            *head += bytes;
            if self.left == 0 && self.is_last {
                self.head = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &[u8] = b"\r\nGET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n";

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("a short one");
        [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// Sees the bytes in two parts, whatever they are, and one by one; each time with the same result.
    fn see(bytes: &[u8]) -> (usize, Arriving) {
        let mut whole = Arriving::default();
        let seen = whole.see(bytes);
        for at in 0..bytes.len() {
            let mut split = Arriving::default();
            split.see(&bytes[..at]);
            assert_eq!(split.see(&bytes[at..]), seen, "{at} of {bytes:?}");
        }
        let mut single = Arriving::default();
        let last = bytes.iter().map(|byte| single.see(&[*byte])).last();
        assert_eq!(last.unwrap_or(0), seen, "{bytes:?}");
        (seen, whole)
    }

    #[test]
    fn a_head_of_http_1_ends_with_an_empty_line() {
        for at in 0..GET.len() {
            assert_eq!(see(&GET[..at]).0, at);
        }
        for end in [GET, b"PRI * HTTP/1.1\n\n", b"GET / HTTP/1.1\nhost: a\n\r\n", b"PRI * HTTP/2.0\r\n\r\n!"]
        {
            let (seen, mut arriving) = see(end);
            assert_eq!(seen, 0, "{end:?}");
            // A body, and whatever comes behind it.
            assert_eq!(arriving.see(GET), 0);
            arriving.answered();
            assert_eq!(arriving.see(&GET[..9]), 9);
            arriving.answered();
            assert_eq!(arriving.see(&GET[9..]), 0);
        }
    }

    #[test]
    fn a_head_of_http_2_ends_with_the_frame_that_says_so() {
        let (settings, data) = (frame(4, 0, b"abcdef"), frame(0, END_HEADERS, b"GET"));
        let quiet = [PREFACE, &settings, &data, &frame(HEADERS, END_HEADERS, b""), &data].concat();
        assert_eq!(see(&quiet).0, 0);
        let (first, more) = (frame(HEADERS, 0, b"abc"), frame(CONTINUATION, 0, b"de"));
        let last = frame(CONTINUATION, END_HEADERS, b"fgh");
        let head = [&first[..], &more, &last].concat();
        for at in FRAME_HEADER_BYTES..head.len() {
            assert_eq!(
                see(&[&quiet, &head[..at]].concat()).0,
                complete(at, &[first.len(), more.len(), last.len()])
            );
        }
        assert_eq!(see(&[&quiet[..], &head, &data].concat()).0, 0);
        let twice = [&quiet[..], &head, &first].concat();
        assert_eq!(see(&twice).0, first.len());
    }

    /// So many bytes without those of a frame's beginning that has not come whole.
    fn complete(bytes: usize, frames: &[usize]) -> usize {
        let mut begin = 0;
        for frame in frames {
            if bytes < begin + frame {
                return if bytes - begin < FRAME_HEADER_BYTES { begin } else { bytes };
            }
            begin += frame;
        }
        bytes
    }
}

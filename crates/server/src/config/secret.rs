//! Settings that nobody else is to see: never in the log, an error or a help text, and also to be had from a file, so that
//! neither the command line nor the environment holds them.

use std::{convert::Infallible, fmt, fs::File, io::Read};

/// A value that nobody else is to see. A setting of this type has another one beside it, of the same name with `-file` behind
/// it, which names a file that holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The longest that a file may be, in bytes: another one, named by mistake, is refused.
const MAX_BYTES: usize = 64 * 1024;

impl Secret {
    /// The value itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }

    /// The content of a file, without the ends of lines that editors and `echo` put behind it.
    ///
    /// # Errors
    /// Why there is none in it; never with anything of its content.
    pub(crate) fn of_file(path: &str) -> Result<Self, String> {
        let mut content = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut content))
            .map_err(|error| format!("it cannot be read: {error}"))?;
        let text = Some(content).filter(|content| content.len() <= MAX_BYTES);
        let text = text.and_then(|content| String::from_utf8(content).ok());
        let text = text.ok_or_else(|| format!("it is no text of up to {MAX_BYTES} bytes"))?;
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err("it is empty".to_owned()),
            text if text.contains(['\r', '\n']) => Err("it has more than one line".to_owned()),
            text => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A text with the passwords of the URLs in it left out: an argument may stand where no setting does.
pub(crate) fn masked(text: &str) -> String {
    let ends_word = |char: char| char.is_whitespace() || matches!(char, '\'' | '"');
    let words = text.split_inclusive(ends_word);
    let masked = words.map(|word| match word.split_once("://") {
        Some((scheme, rest)) if rest.contains('@') || rest.contains("password=") => {
            let end = if rest.ends_with(ends_word) { &rest[rest.len() - 1..] } else { "" };
            format!("{scheme}://…{end}")
        }
        _ => word.to_owned(),
    });
    masked.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_holds_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let read = |content: &[u8]| {
            fs::write(&path, content).expect("a file");
            Secret::of_file(path.to_str().expect("text"))
        };
        for content in ["hunter2", "hunter2\n", "hunter2\r\n", "hunter2\n\n"] {
            assert_eq!(read(content.as_bytes()).expect(content).expose(), "hunter2");
        }
        assert_eq!(read(b" a b ").expect("a value").expose(), " a b ");
        let long = vec![b'x'; MAX_BYTES + 1];
        for content in [&b""[..], b"\n", b"a\nb", b"\xff", &long] {
            let refused = read(content).expect_err("no value");
            assert!(!refused.contains("hunter2") && refused.len() < 100, "{refused}");
        }
        // What has no end is no longer than others that are too long.
        assert!(Secret::of_file("/dev/zero").is_err());
        assert!(Secret::of_file("/nowhere").expect_err("no file").contains("cannot be read"));
    }

    #[test]
    fn no_password_of_a_url_is_shown() {
        let shown = masked(
            "unexpected argument 'postgres://me:hunter2@db/s' found, \"x://y?password=hunter2\" too\n",
        );
        assert_eq!(shown, "unexpected argument 'postgres://…' found, \"x://…\" too\n");
        assert_eq!(masked("a https://app.example b@c\n"), "a https://app.example b@c\n");
        assert_eq!(format!("{:?}", Secret("hunter2".to_owned())), "Secret");
    }
}

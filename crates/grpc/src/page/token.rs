//! Page tokens: opaque to callers, and good for the one list that they were given out for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use domain::{Error, request_id::Digest, violation::Violation};
use json::Tree;

/// A list that tokens belong to: its name, and the conditions that its items meet.
#[derive(Debug)]
pub(crate) struct Listing(String);

/// What a token begins with, so that another version is recognised.
const VERSION: u8 = 1;

/// How much of the digest a token holds, in bytes: enough that no token fits by chance.
const DIGEST_BYTES: usize = 16;

impl Listing {
    pub(crate) fn new(name: &str, conditions: &[Option<&str>]) -> Self {
        let text = |text| Tree::String(std::borrow::Cow::Borrowed(text));
        let conditions = conditions.iter().map(|condition| condition.map_or(Tree::Null, text));
        Self(Tree::Array(std::iter::once(text(name)).chain(conditions).collect()).to_text())
    }

    /// The token of the page that starts behind an item.
    pub(crate) fn token(&self, last: &str) -> String {
        BASE64.encode([&[VERSION], &self.digest(last)[..], last.as_bytes()].concat())
    }

    /// The item behind which a token's page starts; none for the first page, which has no token.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a token that is damaged or belongs to another list.
    pub(crate) fn last(&self, token: &str) -> Result<Option<String>, Error> {
        if token.is_empty() {
            return Ok(None);
        }
        self.read(token).map(Some).ok_or_else(invalid_token)
    }

    fn read(&self, token: &str) -> Option<String> {
        let bytes = BASE64.decode(token).ok()?;
        let (digest, last) = bytes.strip_prefix(&[VERSION])?.split_at_checked(DIGEST_BYTES)?;
        let last = std::str::from_utf8(last).ok()?;
        (digest == self.digest(last)).then(|| last.to_owned())
    }

    /// Of the list and the last item, so that damage to either is noticed.
    fn digest(&self, last: &str) -> [u8; DIGEST_BYTES] {
        let digest = Digest::of(&format!("{}\n{last}", self.0));
        std::array::from_fn(|at| digest.as_bytes()[at])
    }
}

/// The error for a token that is none of a list's.
pub(crate) fn invalid_token() -> Error {
    let description = "must be the next_page_token of an answer to the same request, as it was";
    Error::InvalidParameter(Violation::new("page_token", "page_token", description))
}

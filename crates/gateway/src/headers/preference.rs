//! How much of a session the answer to a change is to hold: `Prefer: return=minimal` (RFC 7240), or the request's `view`.

use channel_session_api::v1::ChannelSessionView;
use http::{HeaderMap, HeaderName};
use schemars::JsonSchema;
use serde::Deserialize;

use super::FromHeaders;
use crate::problem::Problem;

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const PREFER: &str = "Prefer";

/// What the header asks for. A preference is no requirement: what is not understood is ignored.
pub(crate) struct Preference {
    is_minimal: bool,
}

/// What an answer has of a session: its document (`CHANNEL_SESSION_VIEW_JSON`, the default), or nothing of it
/// (`CHANNEL_SESSION_VIEW_BASIC`).
// The views that there are over REST, where a session is its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "ChannelSessionView")]
pub(crate) enum View {
    #[serde(rename = "CHANNEL_SESSION_VIEW_JSON")]
    Json,
    #[serde(rename = "CHANNEL_SESSION_VIEW_BASIC")]
    Basic,
}

impl FromHeaders for Preference {
    const NAMES: &'static [&'static str] = &[PREFER];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let lines = headers.get_all(PREFER).iter().filter_map(|line| line.to_str().ok());
        // Of one that is given several times, the first counts.
        let returned = lines.flat_map(|line| line.split(',')).find_map(|preference| {
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            name.trim().eq_ignore_ascii_case("return").then(|| value.trim().trim_matches('"'))
        });
        Ok(Self { is_minimal: returned.is_some_and(|value| value.eq_ignore_ascii_case("minimal")) })
    }
}

impl Preference {
    /// The view of a request; one that it names itself counts before the header.
    pub(crate) fn view(&self, named: Option<View>) -> i32 {
        let view = match named {
            Some(View::Json) => ChannelSessionView::Json,
            Some(View::Basic) => ChannelSessionView::Basic,
            None if self.is_minimal => ChannelSessionView::Basic,
            None => ChannelSessionView::Json,
        };
        view.into()
    }

    /// What an answer without documents says of it.
    pub(crate) fn applied(&self) -> Option<[(HeaderName, &'static str); 1]> {
        self.is_minimal.then_some([(PREFERENCE_APPLIED, "return=minimal")])
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_first_return_counts() {
        for (lines, is_minimal) in [
            (&["return=minimal"][..], true),
            (&["respond-async, Return = \"minimal\"; x=1"], true),
            (&["wait=5", "return=minimal"], true),
            (&["return=representation, return=minimal"], false),
            (&["return"], false),
            (&["return=minimalist"], false),
            (&["minimal"], false),
            (&[], false),
        ] {
            let lines =
                lines.iter().map(|line| (HeaderName::from_static("prefer"), HeaderValue::from_static(line)));
            let preference = Preference::read(&lines.collect()).expect("never refused");
            assert_eq!(preference.is_minimal, is_minimal);
        }
    }
}

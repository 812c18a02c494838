//! A problem of the service's in the words of whoever made the request over HTTP.
//!
//! The service names what its own callers send, the fields of the proto. A caller over HTTP has sent headers, parameters
//! and members of JSON.

use domain::Reason;
use http::{
    HeaderMap, StatusCode,
    header::{IF_MATCH, IF_NONE_MATCH},
};

use super::Problem;
use crate::headers::{self, IDEMPOTENCY_KEY, LAST_EVENT_ID};

impl Problem {
    /// The problem with a request that came under these headers.
    pub(super) fn for_caller(mut self, headers: &HeaderMap) -> Self {
        let is_parameter = matches!(self.reason, Reason::InvalidParameter | Reason::InvalidChannelSessionId);
        if is_parameter || self.reason == Reason::InvalidAttributes {
            self.rename(|field| own_name(field, headers));
        }
        if is_parameter {
            // These texts are the service's own, without anything that a caller sent.
            self.detail = camel_case_words(&self.detail).into();
            for violation in &mut self.violations {
                violation.description = camel_case_words(&violation.description);
            }
        }
        if self.reason == Reason::MalformedBody {
            self.begin("attributes_json", "attributesJson");
        }
        if self.reason == Reason::RequestIdReused {
            let name = if headers.contains_key(IDEMPOTENCY_KEY) { IDEMPOTENCY_KEY } else { "requestId" };
            self.begin("the request id", &format!("the {name}"));
        }
        // No member of a document has a type to be of but its id: it is the whole.
        if self.reason == Reason::InvalidDocument
            && self.violations.iter().all(|it| it.is("document", "type"))
        {
            self.rename(|_| "body".to_owned());
        }
        // RFC 9110, section 13.1.2.
        if self.reason == Reason::ChannelSessionExists && headers.contains_key(IF_NONE_MATCH) {
            return self.with_status(StatusCode::PRECONDITION_FAILED);
        }
        self
    }

    /// The same, of a list of attributes that is the whole body.
    pub(crate) fn of_body(mut self) -> Self {
        self.begin("attributesJson", "the body");
        self
    }

    /// Begins the text with another name, where it begins with this one.
    fn begin(&mut self, name: &str, other: &str) {
        if let Some(rest) = self.detail.strip_prefix(name)
            && rest.starts_with(' ')
        {
            self.detail = format!("{other}{rest}").into();
        }
    }

    /// Gives each field another name, also where the text begins with one.
    fn rename(&mut self, name: impl Fn(&str) -> String) {
        if let Some(first) = self.violations.first().map(|first| first.field.clone()) {
            self.begin(&first, &name(&first));
        }
        for violation in &mut self.violations {
            violation.field = name(&violation.field);
        }
    }
}

/// What a caller calls a field: `remove_keys[0]` is `removeKeys[0]`, and `etag` may have come as a header. What is within
/// a field may be a name of the caller's, and stays.
fn own_name(field: &str, headers: &HeaderMap) -> String {
    let end = field.find(['.', '[']).unwrap_or(field.len());
    let (root, rest) = field.split_at(end);
    match root {
        "etag" if headers.contains_key(IF_MATCH) => headers::IF_MATCH.to_owned(),
        "request_id" if headers.contains_key(IDEMPOTENCY_KEY) => IDEMPOTENCY_KEY.to_owned(),
        "position" if headers.get(LAST_EVENT_ID).is_some_and(|id| !id.is_empty()) => LAST_EVENT_ID.to_owned(),
        // A parameter that may come several times.
        "keys" => "key".to_owned(),
        "attributes" | "preconditions" => rest
            .strip_suffix(".value_json")
            .map_or_else(|| field.to_owned(), |rest| format!("{root}{rest}.valueJson")),
        _ => camel_case(root) + rest,
    }
}

/// Puts each name of the proto's in a text as JSON has it.
pub(crate) fn camel_case_words(text: &str) -> String {
    let is_in_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let mut words = String::with_capacity(text.len());
    for part in text.split_inclusive(|char| !is_in_name(char)) {
        let word = part.trim_end_matches(|char| !is_in_name(char));
        // `_id` is a member of documents.
        let is_field = !word.starts_with('_')
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        words += &if is_field { camel_case(word) } else { word.to_owned() };
        words += &part[word.len()..];
    }
    words
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use domain::{Error, violation::Violation};
    use http::HeaderValue;

    use super::*;
    use crate::problem::parsed;

    /// The first violation's field and the text, for a caller who has sent a header or none.
    fn named(error: &Error, header: Option<&'static str>) -> (String, String) {
        let value = HeaderValue::from_static("x");
        let headers = header.map(|name| (name.parse().expect("a name"), value)).into_iter().collect();
        let problem = parsed(&Problem::from(error).for_caller(&headers));
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        (text(&problem["violations"][0]["field"]), text(&problem["detail"]))
    }

    #[test]
    fn a_field_has_the_name_under_which_it_came() {
        let parameter = |field: &str| Error::InvalidParameter(Violation::new(field, "rule", "is wrong"));
        for (field, header, expected) in [
            ("etag", Some("If-Match"), "If-Match"),
            ("etag", None, "etag"),
            ("request_id", Some("Idempotency-Key"), "Idempotency-Key"),
            ("request_id", None, "requestId"),
            ("position", Some("Last-Event-ID"), "Last-Event-ID"),
            ("position", None, "position"),
            ("page_size", None, "pageSize"),
            ("keys[2]", None, "key"),
        ] {
            let expected = (expected.to_owned(), format!("{expected} is wrong"));
            assert_eq!(named(&parameter(field), header), expected, "{field}");
        }
    }

    #[test]
    fn a_name_within_a_field_is_the_callers_and_stays() {
        let violations =
            |field: &str| Error::InvalidAttributes(vec![Violation::new(field, "rule", "has a_b in it"); 2]);
        for (field, expected) in [
            ("remove_keys[0]", "removeKeys[0]"),
            ("attributes[1].value", "attributes[1].value"),
            ("attributes[1].my_member", "attributes[1].my_member"),
            ("preconditions[0].key", "preconditions[0].key"),
            ("preconditions[0].value_json", "preconditions[0].valueJson"),
            ("attributes[1].value_json", "attributes[1].valueJson"),
        ] {
            let (field, detail) = named(&violations(field), None);
            assert_eq!((&*field, detail), (expected, format!("{expected} has a_b in it; and 1 more")));
        }
    }

    #[test]
    fn texts_have_the_callers_names_too() {
        let text = "must be the next_page_token of an answer, such as FORCE_CLOSED; not_here";
        let error = Error::InvalidParameter(Violation::new("page_token", "rule", text));
        let expected = "pageToken must be the nextPageToken of an answer, such as FORCE_CLOSED; notHere";
        assert_eq!(named(&error, None).1, expected);
    }
}

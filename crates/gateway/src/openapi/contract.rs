//! The gRPC contract as its descriptor set has it, comments included: they are the reference, over REST too.

use std::{collections::HashMap, sync::LazyLock};

use channel_session_api::FILE_DESCRIPTOR_SET;
use domain::Reason;
use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

use super::wording;
use crate::problem::camel_case_words;

const PACKAGE: &str = "channelsession.v1";
const SERVICE: &str = "ChannelSessionService";

/// The contract, decoded once.
pub(super) fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::decode);
    &CONTRACT
}

/// Messages and comments by their names: `Attribute`, `Attribute.valueJson`, `Reason.REASON_INTERNAL`,
/// `ChannelSessionService.UpdateData`. A field has the name that it has in JSON.
pub(super) struct Contract {
    messages: HashMap<String, DescriptorProto>,
    comments: HashMap<String, String>,
}

impl Contract {
    fn decode() -> Self {
        // It is compiled in, and a test reads it: what cannot be read describes nothing.
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
        let (mut messages, mut comments) = (HashMap::new(), HashMap::new());
        for file in set.file.into_iter().filter(|file| file.package() == PACKAGE) {
            let locations = file.source_code_info.iter().flat_map(|info| &info.location);
            for location in locations.filter(|location| location.leading_comments.is_some()) {
                if let Some(name) = name(&file, &location.path) {
                    comments.insert(name, paragraphs(location.leading_comments()));
                }
            }
            messages
                .extend(file.message_type.into_iter().map(|message| (message.name().to_owned(), message)));
        }
        Self { messages, comments }
    }

    pub(super) fn message(&self, name: &str) -> Option<&DescriptorProto> {
        self.messages.get(name)
    }

    #[cfg(test)]
    pub(super) fn message_names(&self) -> impl Iterator<Item = &str> {
        self.messages.keys().map(String::as_str)
    }

    /// What is said of a message, a field, a value or a method, in the words of REST's callers.
    pub(super) fn comment(&self, name: &str) -> Option<String> {
        wording::followed(name, &self.comments).map(|comment| camel_case_words(&wording::of_rest(comment)))
    }

    /// What is said of a method, without its errors.
    pub(super) fn method(&self, name: &str) -> Option<String> {
        let comment = self.comment(&format!("{SERVICE}.{name}"))?;
        Some(comment.split("\n\n").filter(|part| !part.starts_with(ERRORS)).collect::<Vec<_>>().join("\n\n"))
    }

    /// Why a call of a method can fail, as its comment says.
    pub(super) fn reasons(&self, method: &str) -> Vec<Reason> {
        let errors = self.errors(method);
        let general = errors.contains(GENERAL).then(|| self.general()).into_iter().flatten();
        names(&errors).chain(general).collect()
    }

    /// Why any call can fail.
    fn general(&self) -> Vec<Reason> {
        let errors = self.errors("UpdateData");
        let list = errors.split_once(&format!("{GENERAL}:")).map(|(_, list)| list).unwrap_or_default();
        names(list).collect()
    }

    fn errors(&self, method: &str) -> String {
        let comment =
            self.comments.get(&format!("{SERVICE}.{method}")).map(String::as_str).unwrap_or_default();
        let part = comment.split("\n\n").find(|part| part.starts_with(ERRORS)).unwrap_or_default();
        part.to_owned()
    }

    /// What is said of a reason, without its code and its status.
    pub(super) fn reason(&self, reason: Reason) -> String {
        let comment = self.comment(&format!("Reason.REASON_{}", reason.as_str())).unwrap_or_default();
        comment.split_once(". ").map(|(_, text)| text.to_owned()).unwrap_or(comment)
    }
}

const ERRORS: &str = "Errors: ";
const GENERAL: &str = "the general ones";

/// The reasons that a text names.
fn names(text: &str) -> impl Iterator<Item = Reason> {
    text.split(|char: char| !char.is_ascii_uppercase() && char != '_').filter_map(Reason::from_wire)
}

/// What stands at a path of a descriptor (see `descriptor.proto`).
fn name(file: &FileDescriptorProto, path: &[i32]) -> Option<String> {
    const MESSAGE: i32 = 4;
    const ENUM: i32 = 5;
    const SERVICE: i32 = 6;
    // Of a message its fields, of an enum its values, of a service its methods.
    const MEMBER: i32 = 2;
    let at = |index: i32| usize::try_from(index).ok();
    Some(match *path {
        [MESSAGE, message] => file.message_type.get(at(message)?)?.name().to_owned(),
        [MESSAGE, message, MEMBER, field] => {
            let message = file.message_type.get(at(message)?)?;
            format!("{}.{}", message.name(), message.field.get(at(field)?)?.json_name())
        }
        [ENUM, index, MEMBER, value] => {
            let index = file.enum_type.get(at(index)?)?;
            format!("{}.{}", index.name(), index.value.get(at(value)?)?.name())
        }
        [SERVICE, service, MEMBER, method] => {
            let service = file.service.get(at(service)?)?;
            format!("{}.{}", service.name(), service.method.get(at(method)?)?.name())
        }
        _ => return None,
    })
}

/// A comment's paragraphs, each on one line, and an empty line between them.
fn paragraphs(comment: &str) -> String {
    let lines: Vec<_> = comment.lines().map(str::trim).collect();
    lines.split(|line| line.is_empty()).map(|lines| lines.join(" ")).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_says_why_it_can_fail() {
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the set that is compiled in");
        let methods = set.file.iter().flat_map(|file| &file.service).flat_map(|service| &service.method);
        for method in methods {
            let reasons = contract().reasons(method.name());
            assert!(reasons.contains(&Reason::StoreUnavailable), "{}: {reasons:?}", method.name());
            assert!(contract().method(method.name()).is_some_and(|text| !text.contains(ERRORS)));
            // What is written in capitals there, and is no reason, is a mistake.
            let errors = contract().errors(method.name());
            let words = errors.split(|char: char| !char.is_ascii_uppercase() && char != '_');
            for word in words.filter(|word| word.len() > 2) {
                assert!(Reason::from_wire(word).is_some(), "{}: {word}", method.name());
            }
        }
        let general = ["OVERLOADED", "STORE_UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL"];
        assert_eq!(contract().general().into_iter().map(Reason::as_str).collect::<Vec<_>>(), general);
    }

    #[test]
    fn every_reason_is_described() {
        for reason in Reason::ALL {
            let text = contract().reason(reason);
            assert!(text.ends_with('.') && !text.contains("_ARGUMENT"), "{}: {text}", reason.as_str());
        }
    }
}

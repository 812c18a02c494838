//! The table is held to the contract, whose comments name the code and the status of each reason.

use channel_session_api::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

use super::*;

fn error_proto() -> FileDescriptorProto {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("compiled-in descriptors are whole");
    let file = set.file.into_iter().find(|file| file.name() == "channelsession/v1/error.proto");
    file.expect("the file of the errors")
}

#[test]
fn the_contract_has_the_same_reasons_in_the_same_order() {
    let file = error_proto();
    let [reasons] = &*file.enum_type else { panic!("the file has one enum") };
    let names = reasons.value.iter().map(|value| value.name().strip_prefix("REASON_").expect("the prefix"));
    let expected = std::iter::once("UNSPECIFIED").chain(Reason::ALL.map(Reason::as_str));
    assert_eq!(names.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    for reason in Reason::ALL {
        assert_eq!(Reason::from_wire(reason.as_str()), Some(reason));
    }
}

#[test]
fn the_contract_names_the_code_and_the_status_of_each_reason() {
    let file = error_proto();
    let locations = &file.source_code_info.as_ref().expect("comments are part of the set").location;
    for (reason, number) in Reason::ALL.into_iter().zip(1..) {
        // Field 5 of a file is its enums, and field 2 of an enum its values.
        let place = [5, 0, 2, number];
        let location = locations.iter().find(|location| location.path == place).expect("a comment");
        let (said, _) = location.leading_comments().trim().split_once('.').expect("a sentence");
        let status = http_status(reason).as_u16();
        // Reasons of REST alone are never sent over gRPC, so their codes are nobody's business.
        let expected = if matches!(reason, Reason::BodyRequired | Reason::MethodNotAllowed) {
            format!("{status}, REST only")
        } else {
            format!("{}, {status}", upper_snake_case(code(reason)))
        };
        assert_eq!(said, expected, "{reason:?}");
    }
}

/// A code as gRPC's documents write it.
fn upper_snake_case(code: Code) -> String {
    let mut name = String::new();
    for char in format!("{code:?}").chars() {
        if char.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(char.to_ascii_uppercase());
    }
    name
}

#[test]
fn only_what_may_pass_says_when_to_try_again() {
    for reason in Reason::ALL {
        let delay = retry_after(reason);
        assert_eq!(delay.is_some(), matches!(http_status(reason).as_u16(), 429 | 503), "{reason:?}");
        assert!(delay.is_none_or(|delay| (1..=60).contains(&delay.as_secs())), "{reason:?}: {delay:?}");
    }
}

//! What a request id may be, and what a digest distinguishes.

use super::*;

#[test]
fn request_ids_are_visible_ascii_of_a_bounded_length() {
    for text in ["1", "8b0fbd94-53e2-4bc6-8f4a-1d2c1f5c7a10", "~!\"/", &"x".repeat(128)] {
        let id = RequestId::parse(text).expect("it is allowed");
        assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
    }
    for text in ["", " ", "a b", "a\t", "\u{7f}", "é", "a\0", &"x".repeat(129)] {
        match RequestId::parse(text) {
            Err(violation) => assert_eq!(violation.field, "request_id"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn a_digest_survives_its_store_and_what_is_no_digest_equals_none() {
    let digest = Digest::of("content");
    assert_eq!(Digest::from_stored(digest.as_bytes()), digest);
    assert_ne!(Digest::of("Content"), digest);
    for bytes in [&digest.as_bytes()[..31], &[], &[0; 33]] {
        assert_ne!(Digest::from_stored(bytes), digest);
    }
}

#[test]
fn the_digest_is_sha_256() {
    let hex: String = Digest::of("abc").as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

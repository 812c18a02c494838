//! The cases of what is required, of request ids, and of the calls around updates.

use tonic::Code;

use super::{Case, USED, case, delete, end, history, list, one, watch};
use crate::support::caller::{expect, expect_absent};

pub(super) fn cases() -> Vec<Case> {
    let invalid_id = |name, call| {
        let violation = ("channel_session_id", "", "not_dots");
        case(name, call, Code::InvalidArgument, "INVALID_CHANNEL_SESSION_ID", 400).with(&[violation])
    };
    let parameter = |name, call, field, rule| {
        case(name, call, Code::InvalidArgument, "INVALID_PARAMETER", 400).with(&[(field, "", rule)])
    };
    let nobody = |name, call| case(name, call, Code::NotFound, "CHANNEL_SESSION_NOT_FOUND", 404);
    let ended = |name, call| case(name, call, Code::FailedPrecondition, "CHANNEL_SESSION_NOT_ACTIVE", 409);
    let revision = |name, call| case(name, call, Code::Aborted, "REVISION_MISMATCH", 412);
    let attribute = |name, call| case(name, call, Code::Aborted, "ATTRIBUTE_MISMATCH", 409);
    let too_large = |name, call| case(name, call, Code::OutOfRange, "REQUEST_TOO_LARGE", 413);
    let reused = |name, call| case(name, call, Code::InvalidArgument, "REQUEST_ID_REUSED", 422);
    vec![
        revision("another revision", one("there", |it| it.etag = "\"7\"".to_owned())),
        revision("a weak tag", one("there", |it| it.etag = "W/\"1\"".to_owned())),
        revision("another revision to end", end("there", |it| it.etag = "\"7\"".to_owned())),
        revision("another revision to delete", delete("there", "\"7\"")),
        parameter("a tag without quotes", one("there", |it| it.etag = "1".to_owned()), "etag", "etag"),
        parameter("a tag without quotes, for nobody", delete("nobody", "1"), "etag", "etag"),
        attribute(
            "an attribute that is absent",
            one("there", |it| it.preconditions = vec![expect("a", "1")]),
        ),
        attribute("another value", one("attributes", |it| it.preconditions = vec![expect("a", "2")])),
        attribute(
            "one that has to be absent",
            one("attributes", |it| it.preconditions = vec![expect_absent("a")]),
        ),
        // Existence, active, and the revision come before it; the limit behind it.
        nobody("nobody, with preconditions", one("nobody", |it| it.preconditions = vec![expect("a", "1")])),
        ended("ended, with preconditions", one("ended", |it| it.preconditions = vec![expect("a", "1")])),
        revision(
            "the revision comes first",
            one("attributes", |it| {
                it.etag = "\"7\"".to_owned();
                it.preconditions = vec![expect("a", "2")];
            }),
        ),
        attribute("the limit comes last", one("full", |it| it.preconditions = vec![expect("a", "1")])),
        case(
            "no place for what is required",
            one("no-list", |it| it.preconditions = vec![expect("a", "1")]),
            Code::FailedPrecondition,
            "CHANNEL_DATA_MALFORMED",
            409,
        ),
        case(
            "preconditions that break rules",
            one("there", |it| it.preconditions = vec![expect("\u{7}", "1"), expect("a", "{")]),
            Code::InvalidArgument,
            "INVALID_ATTRIBUTES",
            400,
        )
        .with(&[
            ("preconditions[0].key", "\u{7}", "no_control_characters"),
            ("preconditions[1].value_json", "a", "json"),
        ]),
        case(
            "keys to remove that break rules",
            one("there", |it| it.remove_keys = vec![" ".to_owned(), "k".to_owned()]),
            Code::InvalidArgument,
            "INVALID_ATTRIBUTES",
            400,
        )
        .with(&[("remove_keys[0]", " ", "not_blank"), ("remove_keys[1]", "k", "one_of")]),
        too_large("101 keys to remove", one("there", |it| it.remove_keys = vec!["x".to_owned(); 101])),
        too_large("101 preconditions", one("there", |it| it.preconditions = vec![expect("a", "1"); 101])),
        reused("a request id with other content", one("there", |it| it.request_id = USED.to_owned())),
        reused("a request id of another kind of call", end("there", |it| it.request_id = USED.to_owned())),
        reused(
            "a request id, and what is required",
            one("there", |it| {
                it.request_id = USED.to_owned();
                it.etag = "\"7\"".to_owned();
            }),
        ),
        parameter(
            "a request id that is too long",
            one("there", |it| it.request_id = "x".repeat(129)),
            "request_id",
            "request_id",
        ),
        parameter(
            "a request id with a space",
            one("there", |it| it.request_id = "a b".to_owned()),
            "request_id",
            "request_id",
        ),
        invalid_id("a bad id to end", end("..", |_| {})),
        nobody("nobody to end", end("nobody", |_| {})),
        ended("ended before", end("ended", |_| {})),
        parameter(
            "an end without a reason",
            end("there", |it| it.reason_code = String::new()),
            "reason_code",
            "name",
        ),
        parameter(
            "a blank reason",
            end("there", |it| it.reason_code = " ".to_owned()),
            "reason_code",
            "name",
        ),
        parameter("a state that is too long", end("there", |it| it.state = "x".repeat(101)), "state", "name"),
        invalid_id("a bad id to delete", delete("..", "")),
        nobody("nobody to delete", delete("nobody", "")),
        invalid_id("a bad id to look back at", history("..", |_| {})),
        nobody("nobody to look back at", history("nobody", |_| {})),
        parameter("a key that is none", history("there", |it| it.key = " ".to_owned()), "key", "not_blank"),
        parameter(
            "less than no events",
            history("there", |it| it.page_size = -1),
            "page_size",
            "not_negative",
        ),
        parameter(
            "no page of a history",
            history("there", |it| it.page_token = "AAAA".to_owned()),
            "page_token",
            "page_token",
        ),
        parameter(
            "no page of a list",
            list(|it| it.page_token = "AAAA".to_owned()),
            "page_token",
            "page_token",
        ),
        parameter("less than no sessions", list(|it| it.page_size = -1), "page_size", "not_negative"),
        parameter(
            "a conversation that none can be",
            list(|it| it.conversation_id = "x".repeat(256)),
            "conversation_id",
            "length",
        ),
        invalid_id("a bad id to watch", watch(|it| it.channel_session_id = "..".to_owned())),
        parameter("no position", watch(|it| it.position = "nowhere".to_owned()), "position", "position"),
        parameter(
            "a position of another store",
            watch(|it| it.position = "x1~7".to_owned()),
            "position",
            "position",
        ),
        parameter(
            "a session and a conversation",
            watch(|it| {
                it.channel_session_id = "there".to_owned();
                it.conversation_id = "c".to_owned();
            }),
            "conversation_id",
            "one_of",
        ),
        case(
            "a key to watch that is none",
            watch(|it| it.keys = vec!["a".to_owned(), " ".to_owned()]),
            Code::InvalidArgument,
            "INVALID_PARAMETER",
            400,
        )
        .with(&[("keys[1]", " ", "not_blank")]),
        too_large("101 keys to watch", watch(|it| it.keys = vec!["a".to_owned(); 101])),
    ]
}

//! Which index is scanned for a list, and where its pages end.

use super::*;

#[test]
fn the_condition_that_leaves_the_fewest_leads() {
    let text = |given: bool| given.then(|| "x".to_owned());
    let filter = |conversation, customer, channel_type, active| Filter {
        conversation_id: text(conversation),
        customer_id: text(customer),
        channel_type: text(channel_type),
        active,
    };
    for (filter, choice, scan_limit) in [
        (filter(false, false, false, None), IndexChoice::None, None),
        (filter(true, false, false, None), IndexChoice::Conversation, None),
        (filter(true, true, true, Some(true)), IndexChoice::Conversation, Some(1000)),
        (filter(false, true, true, None), IndexChoice::Customer, Some(1000)),
        (filter(false, false, true, None), IndexChoice::ChannelType, None),
        (filter(false, false, true, Some(true)), IndexChoice::Active, Some(1000)),
        (filter(false, false, true, Some(false)), IndexChoice::ChannelType, Some(1000)),
        (filter(false, false, false, Some(false)), IndexChoice::Active, None),
    ] {
        assert_eq!((filter.index_choice(), filter.scan_limit(100)), (choice, scan_limit), "{filter:?}");
    }
}

#[test]
fn a_page_goes_on_behind_the_last_session_that_was_scanned() {
    let id = |at: usize| Id::parse(&format!("s{at}")).expect("an id");
    let scan = |wanted: &[bool], limit, is_last| {
        let scanned = wanted.iter().enumerate().map(|(at, is_wanted)| (id(at), *is_wanted)).collect();
        let Scan { ids, next } = Scan::of(scanned, limit, is_last);
        let ids: Vec<_> = ids.iter().map(Id::to_string).collect();
        (ids.join(" "), next.map(|next| next.to_string()))
    };
    let found = |ids: &str, next: Option<&str>| (ids.to_owned(), next.map(str::to_owned));
    assert_eq!(scan(&[true, false, true, true], 2, true), found("s0 s2", Some("s2")));
    assert_eq!(scan(&[true, false, true], 2, true), found("s0 s2", None));
    assert_eq!(scan(&[true, false], 2, false), found("s0", Some("s1")));
    assert_eq!(scan(&[false, false], 2, false), found("", Some("s1")));
    assert_eq!(scan(&[], 2, true), found("", None));
    assert_eq!(scan(&[true], 0, false), found("", None));
}

#[test]
fn a_page_of_fewer_than_were_asked_for_is_the_last() {
    let id = |at: usize| Id::parse(&format!("s{at}")).expect("an id");
    let next = |sessions: usize, limit| {
        let session =
            |at| Session { id: id(at), revision: crate::session::Revision::FIRST, document: "{}".to_owned() };
        Page::of_first((0..sessions).map(session).collect(), limit).next
    };
    assert_eq!(next(2, 3), None);
    assert_eq!(next(3, 3), Some(id(2)));
    assert_eq!(next(0, 0), None);
}

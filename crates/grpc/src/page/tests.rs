//! How a page is filled, and what a token is good for.

use super::*;

fn page(page_size: i32) -> Page<String> {
    Page::parse(page_size).expect("a size")
}

#[test]
fn a_page_has_as_many_items_as_are_asked_for_and_never_more_than_a_thousand() {
    for (asked, expected) in [(0, 100), (1, 1), (100, 100), (1000, 1000), (1001, 1000), (i32::MAX, 1000)] {
        let mut page = page(asked);
        while page.push("x".to_owned()) {}
        assert_eq!((page.is_full(), page.into_items().len()), (true, expected), "{asked}");
    }
    for asked in [-1, i32::MIN] {
        let refused = Page::<String>::parse(asked);
        assert!(
            matches!(&refused, Err(Error::InvalidParameter(it)) if it.field == "page_size"),
            "{refused:?}"
        );
    }
}

#[test]
fn a_page_has_a_size_and_one_item_at_least() {
    let mut page = page(1000);
    assert!(page.push("x".repeat(10_000_000)));
    assert!(!page.push(String::new()));

    let mut page = self::page(1000);
    while page.push("x".repeat(100_000)) {}
    assert_eq!(page.into_items().len(), 39);
}

#[test]
fn the_store_is_asked_for_what_has_room() {
    let mut page = page(1000);
    assert_eq!(page.step(), 16);
    page.push("x".repeat(500_000));
    assert_eq!(page.step(), 6);
    page.push("x".repeat(3_400_000));
    assert_eq!(page.step(), 1);

    let mut page = self::page(1000);
    page.push("x".to_owned());
    assert_eq!(page.step(), 250);
    let mut page = self::page(20);
    page.push("x".to_owned());
    assert_eq!(page.step(), 19);
}

fn listing(condition: Option<&str>) -> Listing {
    Listing::new("sessions", &[Some("default"), condition])
}

fn refused(listing: &Listing, token: &str) {
    match listing.last(token) {
        Err(Error::InvalidParameter(violation)) => assert_eq!(violation.field, "page_token"),
        other => panic!("{token}: {other:?}"),
    }
}

#[test]
fn a_token_leads_back_to_its_item_and_is_fit_for_a_url() {
    for last in ["a", "64e2f08a6155b317cd3f88fd", "💬\n/", &"💬".repeat(255), ""] {
        let token = listing(None).token(last);
        assert_eq!(listing(None).last(&token).expect("its own").as_deref(), Some(last));
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
    }
    assert_eq!(listing(None).last("").expect("the first page"), None);
}

#[test]
fn a_token_of_another_list_is_refused() {
    let token = listing(Some("a")).token("last");
    for other in [
        listing(None),
        listing(Some("b")),
        listing(Some("")),
        Listing::new("sessions", &[Some("default"), Some("a"), None]),
        Listing::new("history", &[Some("default"), Some("a")]),
        // Conditions do not run into each other.
        Listing::new("sessions", &[Some("default\",\"a")]),
    ] {
        refused(&other, &token);
    }
}

#[test]
fn a_damaged_token_is_refused() {
    let listing = listing(None);
    let token = listing.token("64e2f08a");
    for at in 0..token.len() {
        refused(&listing, &token[..at.max(1)]);
        for other in "Aa0-_=💬".chars() {
            if token[at..].starts_with(other) {
                continue;
            }
            refused(&listing, &format!("{}{other}{}", &token[..at], &token[at + 1..]));
        }
    }
    refused(&listing, &format!("{token}A"));
    refused(&listing, " ");
}

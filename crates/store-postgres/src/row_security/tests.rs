//! What is said to the database of whose rows a statement is about.

use super::*;

#[test]
fn a_literal_ends_where_its_text_does() {
    for (text, expected) in [
        ("", "E''"),
        ("default", "E'default'"),
        ("o'neill", "E'o''neill'"),
        (r"a\", r"E'a\\'"),
        (r"\'; COMMIT; --", r"E'\\''; COMMIT; --'"),
        ("blu\u{e9}\n$1", "E'blu\u{e9}\n$1'"),
    ] {
        assert_eq!(literal(text).expect(text), expected);
    }
    assert!(literal("a\0b").is_err());
}

#[test]
fn only_statements_about_rows_of_tenants_begin_a_transaction() {
    let tenant = TenantId::from_stored("blue");
    for rows in [Rows::Of(&tenant), Rows::OfAll, Rows::None] {
        // For the transaction alone: a pooler hands on what holds for longer. Both, so that nothing of before holds beside it.
        let set = rows.set().expect("a name");
        let settings: Vec<_> = set.split("; ").filter(|set| set.starts_with("SET LOCAL ")).collect();
        assert_eq!((settings.len(), set.split("; ").count()), (2, 2), "{set}");
    }
    let begun = Rows::Of(&tenant).begin().expect("a name").expect("a transaction");
    assert!(begun.starts_with("BEGIN; ") && begun.ends_with("channel_sessions.tenant = E'blue'"), "{begun}");
    let begun = Rows::OfAll.begin().expect("no name").expect("a transaction");
    assert!(begun.starts_with("BEGIN; ") && begun.ends_with("all_tenants = 'on'"), "{begun}");
    assert_eq!(Rows::None.begin().expect("no name"), None);
}

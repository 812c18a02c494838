//! What `If-Match` and `etag` may say. What attributes are held to is the update's, and tested with it.

use super::*;

fn one_of(revisions: &[i64]) -> RevisionMatch {
    RevisionMatch::OneOf(revisions.iter().copied().map(Revision::new).collect())
}

#[test]
fn strong_tags_as_replies_give_them_are_revisions() {
    for (text, revisions) in [
        (r#""3""#, &[3][..]),
        (" \t\"3\" ", &[3]),
        (r#""3","4""#, &[3, 4]),
        ("\"3\" ,\t\"4\"", &[3, 4]),
        (r#", "3",, "4" ,"#, &[3, 4]),
        (r#""9223372036854775807""#, &[i64::MAX]),
    ] {
        assert_eq!(RevisionMatch::parse(text).expect(text), one_of(revisions), "{text}");
    }
    assert_eq!(RevisionMatch::parse(&Revision::new(12).etag()).expect("its own tag"), one_of(&[12]));
}

#[test]
fn weak_tags_and_those_of_others_match_no_revision() {
    for text in [
        r#"W/"3""#,
        r#""""#,
        r#""03""#,
        r#""+3""#,
        r#""3.0""#,
        r#""9223372036854775808""#,
        r#""a,b""#,
        r#""3,4""#,
        r#""*""#,
        r#""é""#,
    ] {
        assert_eq!(RevisionMatch::parse(text).expect(text), one_of(&[]), "{text}");
    }
    assert_eq!(RevisionMatch::parse(r#"W/"1", "x,y", "2""#).expect("a list"), one_of(&[2]));
}

#[test]
fn what_is_no_list_of_tags_is_refused() {
    for text in [
        "",
        " ",
        ",",
        "3",
        "\"",
        "\"3",
        "3\"",
        r#""3" "4""#,
        r#""3""4""#,
        r#"w/"3""#,
        r#"W/ "3""#,
        r#""3"; q=1"#,
        r#""a b""#,
        "\"a\u{7f}\"",
        r#"*, "3""#,
        r#""3", *"#,
        "**",
        "'3'",
    ] {
        match RevisionMatch::parse(text) {
            Err(Error::InvalidParameter(violation)) => assert_eq!(violation.field, "etag"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn any_revision_meets_a_star_and_only_those_listed_meet_a_list() {
    let star = RevisionMatch::parse(" * ").expect("a star");
    assert_eq!(star, RevisionMatch::Any);
    assert!(star.allows(Revision::FIRST));
    let list = one_of(&[3, 5]);
    let allowed: Vec<i64> = (1..=6).filter(|revision| list.allows(Revision::new(*revision))).collect();
    assert_eq!(allowed, [3, 5]);
    assert!(!one_of(&[]).allows(Revision::FIRST));
}

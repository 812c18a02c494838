//! Positions come back as they were given, and nothing else is one.

use super::*;

fn snapshot(text: &str) -> Snapshot {
    Snapshot::from_database(text).expect("a snapshot")
}

#[test]
fn a_position_comes_back_as_it_was() {
    for delivered in ["745:745:", "745:750:745,747,749", "790:800:"] {
        let delivered = snapshot(delivered);
        let whole = Cursor { delivered: delivered.clone(), partial: None };
        assert_eq!(Cursor::parse(&whole.position()).expect("its own"), whole);
        assert_eq!(snapshot(&whole.delivered.to_string()), delivered);
        let partial = Some(Partial { until: snapshot("800:812:805,811"), number: 7, last: 93 });
        let part = Cursor { delivered, partial };
        assert_eq!(Cursor::parse(&part.position()).expect("its own"), part);
    }
}

#[test]
fn what_is_no_position_is_refused() {
    for text in [
        "",
        "p1",
        "p1~",
        "p2~745.0",
        "s1~5",
        "p1~745",
        "p1~745.0.0",
        "p1~745.5.1.0",
        "p1~745.5.1.9",
        "p1~0.5",
        "p1~-1.5",
        "p1~745.0~745.1~1",
        "p1~745.0~745.1~x~1",
        "p1~745.0~745.1~1~1~1",
        "p1~18446744073709551615.1",
        "p1~9223372036854775807.1",
        "p1~745.0 ",
        "745:745:",
    ] {
        assert!(matches!(Cursor::parse(&Position::new(text)), Err(Error::InvalidParameter(_))), "{text}");
    }
}

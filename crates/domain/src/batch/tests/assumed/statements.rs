//! How many statements commands take, and which sessions are read.

use super::*;

#[test]
fn a_session_that_was_written_is_not_read_for_its_next_change() {
    let (mut database, cache) = storing(&["a", "b"]);
    for value in 1..4 {
        let updates = ["a", "b"].map(|id| of(id, number("k", value)));
        assert_eq!(database.statements(&cache, &updates), ["write ab"]);
    }
    assert_eq!(database.statements(&cache, &[of("a", end()), of("b", delete(false))]), ["write ab"]);
    assert_eq!(database.sessions[&Id::parse("a").expect("an id")].0.get(), 5);
}

#[test]
fn what_the_cache_does_not_know_is_read_and_written_with_the_rest() {
    let (mut database, cache) = storing(&["b", "c"]);
    database.statements(&self::cache(), &[of("a", create(ACTIVE, Existing::Refuse))]);
    let updates = ["c", "a", "b"].map(|id| of(id, number("k", 1)));
    assert_eq!(database.statements(&cache, &updates), ["read a", "write abc"]);
    let updates = ["c", "a", "b"].map(|id| of(id, number("k", 2)));
    assert_eq!(database.statements(&cache, &updates), ["write abc"], "what was read is written, and kept");
}

#[test]
fn what_comes_to_no_write_is_read() {
    let (mut database, cache) = storing(&["a"]);
    let changed = of("a", number("k", 1));
    database.statements(&cache, std::slice::from_ref(&changed));
    let refused = requiring("\"7\"", number("k", 2));
    for command in [changed, refused, to_validate(number("k", 3)), create(ACTIVE, Existing::Refuse)] {
        let command = of("a", command);
        assert_eq!(database.execute(&cache, std::slice::from_ref(&command)).1[0], "read a", "{command:?}");
        database.execute(&cache, &[of("a", number("k", 1))]);
    }
    // With a write, each is what it was in the moment of that.
    let commands = [number("k", 4), number("k", 4), to_validate(number("k", 5)), requiring("\"1\"", end())];
    let (results, statements) = database.execute(&cache, &commands.map(|command| of("a", command)));
    assert_eq!(statements, ["write a"]);
    assert!(matches!(&results[1], Some(Ok(same)) if !same.changed), "{results:?}");
    assert!(matches!(&results[3], Some(Err(Error::RevisionMismatch { .. }))), "{results:?}");
}

#[test]
fn a_request_id_is_assumed_to_be_new() {
    let (mut database, cache) = storing(&["a"]);
    let changing = of("a", named("r", number("k", 1)));
    assert_eq!(database.statements(&cache, &[changing]), ["write a"]);
    let unchanged = of("a", named("s", number("k", 1)));
    assert_eq!(database.statements(&cache, &[unchanged]), ["write a"], "its record is a write");
    assert_eq!(database.records.len(), 2);
}

#[test]
fn a_request_id_that_comes_again_is_found_out_by_the_write() {
    let (mut database, cache) = storing(&["a", "b"]);
    let command = of("a", named("r", number("k", 1)));
    database.statements(&cache, std::slice::from_ref(&command));
    for value in [1, 2] {
        database.statements(&cache, &[of("a", number("k", value))]);
        let both = [command.clone(), of("b", number("k", value))];
        let (results, statements) = database.execute(&cache, &both);
        assert_eq!(statements, ["write b", "write a", "read a"]);
        assert!(matches!(&results[0], Some(Ok(result)) if result.replayed), "{results:?}");
    }
    assert_eq!(database.records.len(), 1);
}

#[test]
fn a_refusal_beside_a_change_is_not_assumed_of_a_request_id() {
    let (mut database, cache) = storing(&["a"]);
    database.statements(&cache, &[of("a", named("r", requiring("\"1\"", number("k", 1))))]);
    // It was done, so it is not refused, although the revision is another one by now.
    let commands = [number("k", 2), named("r", requiring("\"1\"", number("k", 1)))];
    let (results, statements) = database.execute(&cache, &commands.map(|command| of("a", command)));
    assert_eq!(statements, ["read a", "write a"]);
    assert!(matches!(&results[1], Some(Ok(result)) if result.replayed), "{results:?}");
}

#[test]
fn a_lost_race_reads_and_decides_again() {
    let (mut database, cache) = storing(&["a", "b"]);
    database.statements(&self::cache(), &[of("a", number("other", 1))]);
    let updates = ["a", "b"].map(|id| of(id, number("k", 1)));
    assert_eq!(database.statements(&cache, &updates), ["write ab", "read a", "write a"]);
    let (revision, document) = &database.sessions[&Id::parse("a").expect("an id")];
    assert_eq!(revision.get(), 3);
    assert!(document.as_ref().is_some_and(|text| text.contains("other")), "{document:?}");
    let updates = ["a", "b"].map(|id| of(id, number("k", 2)));
    assert_eq!(database.statements(&cache, &updates), ["write ab"]);
}

#[test]
fn a_conflict_has_what_was_assumed_read_and_not_tried_in_halves() {
    let (mut database, cache) = storing(&["a", "b", "c", "d"]);
    let updates = ["a", "b", "c", "d"].map(|id| of(id, number("k", 1)));
    database.refusal = Some(Refusal::Conflict);
    assert_eq!(database.statements(&cache, &updates), ["write abcd", "read abcd", "write abcd"]);
}

#[test]
fn what_was_not_written_is_read_the_next_time() {
    for refusal in [
        Refusal::Locked(vec![true]),
        Refusal::Error(Error::DeadlineExceeded(Outcome::Unknown)),
        Refusal::Disconnected(Error::Overloaded),
        Refusal::NoRoom(Error::Overloaded),
    ] {
        let (mut database, cache) = storing(&["a"]);
        let printed = format!("{refusal:?}");
        database.refusal = Some(refusal);
        assert_eq!(database.execute(&cache, &[of("a", number("k", 1))]).1, ["write a"], "{printed}");
        let again = database.statements(&cache, &[of("a", number("k", 1))]);
        assert_eq!(again, ["read a", "write a"], "{printed}");
    }
}

#[test]
fn what_was_assumed_is_read_where_the_cache_was_cleared_meanwhile() {
    let (mut database, cache) = storing(&["a"]);
    database.meanwhile.push_back(Meanwhile::Clears(cache.clone()));
    let update = [of("a", number("k", 1))];
    assert_eq!(database.statements(&cache, &update), ["read a", "write a"]);
}

/// Of each update, the process writes on what the other one has changed. Two statements are what it takes without a cache.
#[test]
fn where_others_write_the_same_sessions_nothing_is_assumed_in_the_end() {
    for ids in [&["a"][..], &["a", "b", "c", "d", "e", "f", "g", "h"]] {
        let (mut database, first) = storing(ids);
        let caches = [first, cache()];
        let mut last = 0;
        for at in 0..400 {
            let updates: Vec<_> = ids.iter().map(|id| of(id, number("k", (at % 250) as u8))).collect();
            let statements = database.statements(&caches[at % 2], &updates).len();
            last += if at < 200 { 0 } else { statements };
        }
        assert_eq!(last, 200 * 2, "{ids:?}");
        // Alone again, it comes back to one.
        for at in 0..400 {
            let updates: Vec<_> = ids.iter().map(|id| of(id, number("k", (at % 250) as u8))).collect();
            last = database.statements(&caches[0], &updates).len();
        }
        assert_eq!(last, 1, "{ids:?}");
    }
}

//! Commands that are cancelled around what is assumed of their sessions.

use super::*;

#[test]
fn a_command_that_was_cancelled_is_in_no_write() {
    let (mut database, cache) = storing(&["a"]);
    let commands = ["x", "y", "z"].map(|key| of("a", number(key, 1)));
    assert_eq!(commands[1].cancel_handle.cancel(), Outcome::NotApplied);
    let (results, statements) = database.execute(&cache, &commands);
    assert_eq!(statements, ["write a"]);
    assert!(matches!(results[1], Some(Err(Error::DeadlineExceeded(Outcome::NotApplied)))), "{results:?}");
    let (revision, document) = &database.sessions[&Id::parse("a").expect("an id")];
    assert_eq!(revision.get(), 3);
    assert!(document.as_ref().is_some_and(|text| !text.contains(r#""y""#)), "{document:?}");
}

#[test]
fn a_command_that_is_cancelled_while_others_are_read_is_not_sent() {
    let (mut database, cache) = storing(&["b"]);
    database.statements(&self::cache(), &[of("a", create(ACTIVE, Existing::Refuse))]);
    let commands = [of("a", number("k", 1)), of("b", number("x", 1)), of("b", number("y", 1))];
    let [_, kept, cancelled] = commands.each_ref().map(|command| command.cancel_handle.clone());
    database.meanwhile.push_back(Meanwhile::Cancels(cancelled));
    let (results, statements) = database.execute(&cache, &commands);
    assert_eq!(statements, ["read a", "write a", "read b", "write b"]);
    assert_eq!(database.answered, [Outcome::NotApplied]);
    assert!(matches!(results[..2], [Some(Ok(_)), Some(Ok(_))]), "{results:?}");
    assert!(matches!(results[2], Some(Err(Error::DeadlineExceeded(Outcome::NotApplied)))), "{results:?}");
    assert_eq!(kept.cancel(), Outcome::Unknown, "it was sent");
}

#[test]
fn nothing_is_behind_its_commit_point_while_its_session_is_read() {
    let (mut database, cache) = storing(&["a"]);
    let refused = of("a", requiring("\"7\"", number("k", 2)));
    database.meanwhile.push_back(Meanwhile::Cancels(refused.cancel_handle.clone()));
    database.execute(&cache, &[refused]);
    assert_eq!(database.answered, [Outcome::NotApplied]);
}

#[test]
fn a_neighbour_of_what_was_cancelled_in_time_can_be_cancelled_too_until_it_is_sent() {
    let (mut database, cache) = storing(&["b"]);
    database.statements(&self::cache(), &[of("a", create(ACTIVE, Existing::Refuse))]);
    let commands = [of("a", number("k", 1)), of("b", number("x", 1)), of("b", number("y", 1))];
    for at in [2, 1] {
        database.meanwhile.push_back(Meanwhile::Cancels(commands[at].cancel_handle.clone()));
    }
    let (results, statements) = database.execute(&cache, &commands);
    assert_eq!(statements, ["read a", "write a", "read b"]);
    assert_eq!(database.answered, [Outcome::NotApplied; 2]);
    assert!(matches!(results[1..], [Some(Err(_)), Some(Err(_))]), "{results:?}");
}

//! A cache that another process has made stale: whatever is asked for, the answer and what is stored afterwards are those
//! of a process without a cache.

use super::*;
use crate::precondition::{Expected, Precondition};

/// What another process does to the session that the cache knows as it was before.
fn by_others() -> Vec<Vec<Command>> {
    vec![
        vec![],
        vec![number("k", 2)],
        vec![number("k", 2), number("k", 1)],
        vec![number("other", 1)],
        vec![named("r", number("k", 2))],
        vec![named("r", number("k", 3)), number("k", 1)],
        vec![end()],
        vec![delete(false)],
        vec![delete(false), create(ACTIVE, Existing::Refuse)],
        vec![delete(false), create(&with("k", 1), Existing::Refuse), number("k", 2)],
    ]
}

fn requiring_attribute(value: u8) -> Command {
    let expected = Expected::Value(literal(&value.to_string()));
    let precondition = Precondition { key: "k".to_owned(), expected };
    let update = Update { preconditions: vec![precondition], ..attach("[]") };
    crate::command(id(), Operation::Update(update))
}

fn commands() -> Vec<Command> {
    let kinds = vec![
        number("k", 1),
        number("k", 2),
        number("new", 1),
        update("[]"),
        requiring_attribute(1),
        requiring_attribute(2),
        end(),
        delete(false),
        delete(true),
        create(ACTIVE, Existing::Refuse),
        create(&with("k", 1), Existing::Keep),
        create(&with("k", 1), Existing::Replace),
        create(&with("k", 2), Existing::Replace),
    ];
    let mut all = Vec::new();
    for command in kinds {
        all.push(requiring("\"2\"", command.clone()));
        all.push(requiring("\"3\"", command.clone()));
        all.push(named("r", command.clone()));
        all.push(named("own", command.clone()));
        all.push(to_validate(command.clone()));
        all.push(command);
    }
    all
}

/// The results of commands, as far as they can be compared, and what is stored then.
fn outcome(database: &mut Database, cache: &SessionCache, commands: &[Command]) -> String {
    // Handles are shared by clones.
    let commands: Vec<_> = commands
        .iter()
        .map(|command| Command { cancel_handle: Default::default(), ..command.clone() })
        .collect();
    let (results, _) = database.execute(cache, &commands);
    format!("{results:?} {:?} {:?}", database.sessions, database.records)
}

/// A database whose session the cache of one process knows as another process no longer has it.
fn stale(by_others: &[Command]) -> (Database, SessionCache) {
    let (mut database, cache) = (Database::new(), cache());
    database.statements(&cache, &[create(ACTIVE, Existing::Refuse), named("own", number("k", 1))]);
    for command in by_others {
        let command = Command { cancel_handle: Default::default(), ..command.clone() };
        database.statements(&self::cache(), &[command]);
    }
    (database, cache)
}

#[test]
fn every_command_is_decided_on_what_is_stored() {
    let all = commands();
    for others in by_others() {
        for (at, command) in all.iter().enumerate() {
            // By itself, and behind another one of its session.
            for commands in [vec![command.clone()], vec![all[at * 7 % all.len()].clone(), command.clone()]] {
                let (mut database, known) = stale(&others);
                let assumed = outcome(&mut database, &known, &commands);
                let (mut database, _) = stale(&others);
                let read = outcome(&mut database, &SessionCache::new(0), &commands);
                assert_eq!(assumed, read, "{others:?} {commands:?}");
            }
        }
    }
}

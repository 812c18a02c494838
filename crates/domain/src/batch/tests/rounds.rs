//! The loop of rounds, on a store that keeps revisions and refuses what the test says.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::*;

type Refuse<'a> = dyn FnMut(&[SessionWrite]) -> Option<Refusal> + Send + 'a;

struct Fake<'a> {
    revisions: BTreeMap<Id, Revision>,
    refuse: Box<Refuse<'a>>,
    /// The ids of each group that it was to write.
    groups: Vec<String>,
}

#[async_trait]
impl Storage for Fake<'_> {
    async fn read(
        &mut self,
        sessions: &[Key<'_>],
        commands: &[&Command],
    ) -> Result<Vec<Result<SessionState, Error>>, Error> {
        assert!(commands.iter().all(|command| sessions.contains(&(&command.tenant, &command.id))));
        let read = |&(tenant, id): &Key<'_>| match self.revisions.get(id) {
            Some(revision) => {
                let document = Some("{}".to_owned());
                SessionState::stored(tenant.clone(), id.clone(), *revision, document)
            }
            None => Ok(SessionState::missing(tenant.clone(), id.clone())),
        };
        Ok(sessions.iter().map(read).collect())
    }

    async fn write(&mut self, group: &[SessionWrite]) -> Result<Vec<bool>, Refusal> {
        self.groups.push(group.iter().map(|write| write.id.as_str()).collect());
        if let Some(refusal) = (self.refuse)(group) {
            return Err(refusal);
        }
        for write in group {
            self.revisions.insert(write.id.clone(), write.revision);
        }
        Ok(vec![true; group.len()])
    }
}

fn named(id: &str, operation: Operation) -> Command {
    crate::command(Id::parse(id).expect("an id"), operation)
}

fn created(id: &str) -> Command {
    let document = crate::session::document("{}");
    named(id, Operation::Create(Create { document, existing: Existing::Refuse }))
}

fn updated(id: &str) -> Command {
    named(id, Operation::Update(attach(r#"[{"key":"k","type":"Number","value":1}]"#)))
}

fn deleted_one(id: &str) -> Command {
    named(id, Operation::Delete(Delete::default()))
}

/// The groups that were to be written where `stored` are there, and each command's result: `+` for success, `-` for an error,
/// `.` for what is left as it is.
fn executed(
    stored: &[&str],
    commands: &[Command],
    refuse: impl FnMut(&[SessionWrite]) -> Option<Refusal> + Send,
) -> (Vec<String>, String) {
    let revisions = stored.iter().map(|id| (Id::parse(id).expect("an id"), Revision::FIRST)).collect();
    let mut store = Fake { revisions, refuse: Box::new(refuse), groups: Vec::new() };
    let results = run(execute(&mut store, &SessionCache::new(0), commands));
    let sign = |result: &Option<Result<_, _>>| match result {
        Some(Ok(_)) => '+',
        Some(Err(_)) => '-',
        None => '.',
    };
    (store.groups, results.iter().map(sign).collect())
}

fn holds(group: &[SessionWrite], id: &str) -> bool {
    group.iter().any(|write| write.id.as_str() == id)
}

#[test]
fn updates_are_written_apart_from_others() {
    let commands = [updated("a"), created("b"), updated("c"), deleted_one("d")];
    let (groups, results) = executed(&["a", "c", "d"], &commands, |_| None);
    assert_eq!((groups, &*results), (vec!["ac".to_owned(), "bd".to_owned()], "++++"));
}

#[test]
fn what_lost_a_race_is_read_and_decided_again() {
    let mut is_first = true;
    let (groups, results) =
        executed(&["a"], &[updated("a")], |_| std::mem::take(&mut is_first).then_some(Refusal::Conflict));
    assert_eq!((groups, &*results), (vec!["a".to_owned(); 2], "+"));
}

#[test]
fn what_is_locked_is_left_as_it_is_and_the_rest_goes_on() {
    let commands = ["a", "b", "c", "b"].map(updated);
    let (groups, results) = executed(&["a", "b", "c"], &commands, |group| {
        let locked = group.iter().map(|write| write.id.as_str() == "b").collect();
        holds(group, "b").then_some(Refusal::Locked(locked))
    });
    assert_eq!((groups, &*results), (vec!["abc".to_owned(), "ac".to_owned()], "+.+."));
}

#[test]
fn where_nobody_knows_what_is_locked_the_one_that_is_alone_is() {
    let commands = ["a", "b", "c", "d"].map(updated);
    let (groups, results) = executed(&["a", "b", "c", "d"], &commands, |group| {
        holds(group, "b").then(|| Refusal::Locked(vec![false; group.len()]))
    });
    assert_eq!((groups, &*results), (["abcd", "ab", "a", "b", "cd"].map(str::to_owned).to_vec(), "+.++"));
}

#[test]
fn without_room_only_what_erases_is_written() {
    let commands = [created("a"), deleted_one("b"), created("c"), updated("d")];
    let (groups, results) = executed(&["b", "d"], &commands, |group| {
        (!group.iter().all(|write| write.erase)).then(|| Refusal::NoRoom(Error::Overloaded))
    });
    assert_eq!((groups, &*results), (["d", "abc", "b"].map(str::to_owned).to_vec(), "-+--"));
}

#[test]
fn a_lost_connection_ends_the_round() {
    let commands = [updated("a"), created("b"), created("c")];
    let (groups, results) =
        executed(&["a"], &commands, |_| Some(Refusal::Disconnected(Error::Internal("lost".into()))));
    assert_eq!((groups, &*results), (vec!["a".to_owned()], "---"));
}

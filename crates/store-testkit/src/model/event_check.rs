//! Whether a session's events say what happened to it: each revision once, in order, and enough to rebuild every list.

use domain::{
    command::Operation,
    event::{AttributeDiff, Entry, Event, MASK, Name},
};
use json::Value;

use super::{
    State,
    call::{Call, Did},
    history::Replayed,
    rule::{entry_of, get, is_active, key_of, list, object, with_list},
};

/// Holds a session's events, in the order in which a reader got them, to what happened.
///
/// # Errors
/// What they leave out, or have wrong.
pub(crate) fn check_events(replayed: &Replayed<'_>, events: &[Event]) -> Result<(), String> {
    let deleted = replayed.states.iter().rposition(|state| state.revision > 0 && state.document.is_none());
    let first = deleted.unwrap_or(1);
    let revisions: Vec<_> = events.iter().map(|event| event.revision.get()).collect();
    if revisions != (first as i64..replayed.states.len() as i64).collect::<Vec<_>>() {
        return Err(format!("events of {revisions:?} and not from {first} to {}", replayed.states.len() - 1));
    }
    for event in events {
        let at = event.revision.get() as usize;
        let (before, after) = (&replayed.states[at - 1], &replayed.states[at]);
        is_right(event, before, after, &replayed.makers[at])
            .map_err(|problem| format!("{problem} in {event:?}"))?;
    }
    Ok(())
}

fn is_right(event: &Event, before: &State, after: &State, makers: &[&Call]) -> Result<(), &'static str> {
    // Only one of those that were answered to have made it has.
    let maker = makers.iter().find_map(|maker| match &maker.did {
        Did::Command(command, _) if command.at == event.at && command.requester == event.requester => {
            Some(command)
        }
        Did::Command(..) | Did::Get(_) | Did::List(..) => None,
    });
    let maker = maker.ok_or("neither moment nor requester")?;
    let Some(document) = &after.document else {
        let is_bare = event.document.is_none() && event.changes.is_empty() && event.request_id.is_none();
        return if event.name == Name::Deleted && is_bare {
            Ok(())
        } else {
            Err("more than a deletion leaves")
        };
    };
    if event.request_id != maker.request_id {
        return Err("another request id");
    }
    let was_active = before.document.as_ref().is_some_and(is_active);
    let expected = match (&before.document, was_active, is_active(document)) {
        (None, ..) | (Some(_), false, true) => Name::Started,
        (Some(_), true, false) => Name::Ended,
        (Some(_), true, true) | (Some(_), false, false) => Name::DataUpdated,
    };
    if event.name != expected {
        return Err("another name");
    }

    let lists = [before.document.as_ref(), Some(document)]
        .map(|document| document.and_then(|document| list(document).ok()).unwrap_or_default());
    if matches!(maker.operation, Operation::Update(_)) {
        if rebuild(&lists[0], &event.changes, &lists[1])? != lists[1] {
            return Err("changes that make another list");
        }
    } else if event.changes != compared(&lists[0], &lists[1]) {
        return Err("other changes");
    }

    let recorded = event.document.as_deref().map(crate::parsed::value);
    if recorded != Some(masked(document, lists[1].clone(), &event.changes)) {
        Err("another document")
    } else {
        Ok(())
    }
}

fn is_password(entry: Option<&Entry>) -> bool {
    entry.and_then(|entry| entry.value_type.as_ref()?.as_str()) == Some("Password")
}

/// The keys of which an event has no value: any entry that changed was or is a password.
fn secrets(changes: &[AttributeDiff]) -> Vec<&str> {
    let is_secret =
        |change: &&AttributeDiff| is_password(change.old.as_ref()) || is_password(change.new.as_ref());
    changes.iter().filter(is_secret).map(|change| &*change.key).collect()
}

/// The entry as an event records it.
fn recorded(entry: Entry, is_secret: bool) -> Entry {
    let mask = |value| if is_secret { Value::String(MASK.into()) } else { value };
    Entry { value: entry.value.map(mask), ..entry }
}

/// The list that the changes make of the list before. Values that they do not have are taken from the list after.
fn rebuild(before: &[Value], changes: &[AttributeDiff], after: &[Value]) -> Result<Vec<Value>, &'static str> {
    let secrets = secrets(changes);
    let is_secret = |change: &AttributeDiff| secrets.contains(&&*change.key);
    let was = |entry: &Value, change: &AttributeDiff| {
        key_of(entry) == Some(&change.key) && Some(recorded(entry_of(entry), is_secret(change))) == change.old
    };
    let mut entries: Vec<Option<Value>> = before.iter().cloned().map(Some).collect();
    for change in changes.iter().filter(|change| change.new.is_none()) {
        let entry = entries.get_mut(change.index).ok_or("a removed entry that was not there")?;
        if !entry.take().is_some_and(|entry| was(&entry, change)) {
            return Err("a removed entry that was another");
        }
    }
    let mut entries: Vec<Value> = entries.into_iter().flatten().collect();
    for change in changes {
        let Some(new) = &change.new else { continue };
        let is = after.get(change.index).map(entry_of).ok_or("a new entry that is not there")?;
        if recorded(is.clone(), is_secret(change)) != *new {
            return Err("a new entry that is another");
        }
        let members = [
            ("key", Some(Value::String(change.key.clone().into()))),
            ("type", is.value_type),
            ("value", is.value),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
        if change.old.is_none() {
            if change.index != entries.len() {
                return Err("an appended entry that is not the last");
            }
            entries.push(object(members.collect()));
            continue;
        }
        let entry = entries.get_mut(change.index).filter(|entry| was(entry, change));
        let Some(Value::Object(entry)) = entry else { return Err("an old entry that was another") };
        let unchanged = entry.clone();
        members.for_each(|(name, value)| entry.insert(name, value));
        if *entry == unchanged {
            return Err("a change that is none");
        }
    }
    Ok(entries)
}

/// What differs between two lists: the first of a key belongs to the first, the second to the second.
fn compared(before: &[Value], after: &[Value]) -> Vec<AttributeDiff> {
    let keyed = |list: &[Value]| -> Vec<_> {
        let entry = |(at, entry): (usize, &Value)| Some((at, key_of(entry)?.to_owned(), entry_of(entry)));
        list.iter().enumerate().filter_map(entry).collect()
    };
    let mut old = keyed(before);
    let mut written = Vec::new();
    for (index, key, new) in keyed(after) {
        let same = old.iter().position(|(_, other, _)| *other == key);
        let old = same.map(|at| old.remove(at).2);
        if old.as_ref() != Some(&new) {
            written.push(AttributeDiff { key, index, old, new: Some(new) });
        }
    }
    let removed = |(index, key, old)| AttributeDiff { key, index, old: Some(old), new: None };
    let mut changes: Vec<_> = old.into_iter().map(removed).collect();
    changes.extend(written);
    let secrets: Vec<_> = secrets(&changes).into_iter().map(str::to_owned).collect();
    let recorded_diff = |change: AttributeDiff| {
        let is_secret = secrets.contains(&change.key);
        let [old, new] = [change.old, change.new].map(|entry| entry.map(|entry| recorded(entry, is_secret)));
        AttributeDiff { old, new, ..change }
    };
    changes.into_iter().map(recorded_diff).collect()
}

/// The document as an event has it: without passwords, and without what was one until now.
fn masked(document: &Value, mut entries: Vec<Value>, changes: &[AttributeDiff]) -> Value {
    let secrets = secrets(changes);
    let mut any = false;
    for entry in &mut entries {
        let was_one = key_of(entry).is_some_and(|key| secrets.contains(&key));
        let is_secret = was_one || get(entry, "type").and_then(Value::as_str) == Some("Password");
        if let Value::Object(members) = entry
            && is_secret
            && members.get("value").is_some()
        {
            members.insert("value", Value::String(MASK.into()));
            any = true;
        }
    }
    if any { with_list(document, entries) } else { document.clone() }
}

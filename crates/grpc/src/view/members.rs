//! Reads the members of a stored object whose shape is not the service's to decide.

use std::cell::RefCell;

use json::{Path, Step, Tree};
use prost_types::ListValue;

use crate::value;

/// What the typed view could not say.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) unmapped: RefCell<Vec<String>>,
    pub(super) empty_lists: RefCell<Vec<String>>,
}

/// The members of one object. Each method reads one of them: absent and null come back as nothing, and so does what
/// has another shape, which is noted.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    object: &'a json::Members<'a>,
    path: Path<'a>,
    notes: &'a Notes,
}

impl<'a> Members<'a> {
    pub(super) fn root(object: &'a json::Members<'a>, notes: &'a Notes) -> Self {
        Self { object, path: Path::root(""), notes }
    }

    pub(super) fn string(&self, name: &str) -> Option<String> {
        self.read(name, |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        self.read(name, |value| if let Tree::Bool(bool) = value { Some(*bool) } else { None })
    }

    pub(super) fn integer(&self, name: &str) -> Option<i32> {
        self.read(
            name,
            |value| {
                if let Tree::Number(number) = value { number.as_str().parse().ok() } else { None }
            },
        )
    }

    pub(super) fn list(&self, name: &str) -> Option<ListValue> {
        self.read(name, value::list)
    }

    /// A member of any shape, null included.
    pub(super) fn any(&self, name: &str) -> Option<prost_types::Value> {
        let value = value::protobuf(self.object.get(name)?);
        if value.is_none() {
            self.note(name);
        }
        Some(value?.0)
    }

    pub(super) fn message<M>(&self, name: &str, read: impl FnOnce(Members<'_>) -> M) -> Option<M> {
        let path = self.path.then(Step::Name(name));
        self.read(name, |value| {
            value.as_object().map(|object| read(Members { object, path, notes: self.notes }))
        })
    }

    /// A list of objects. An item of another shape is noted, and an empty message holds its place.
    pub(super) fn messages<M: Default>(&self, name: &str, read: impl Fn(Members<'_>) -> M) -> Vec<M> {
        let list = self.path.then(Step::Name(name));
        let messages = self.read(name, |value| {
            let Tree::Array(items) = value else { return None };
            if items.is_empty() {
                self.notes.empty_lists.borrow_mut().push(list.to_string());
            }
            let message = |(at, item): (usize, &'a Tree<'a>)| {
                let path = list.then(Step::Index(at));
                item.as_object()
                    .map(|object| read(Members { object, path, notes: self.notes }))
                    .unwrap_or_else(|| {
                        self.notes.unmapped.borrow_mut().push(path.to_string());
                        M::default()
                    })
            };
            Some(items.iter().enumerate().map(message).collect())
        });
        messages.unwrap_or_default()
    }

    /// The member as it is stored.
    pub(super) fn stored(&self, name: &str) -> Option<&'a Tree<'a>> {
        self.object.get(name)
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&'a Tree<'a>) -> Option<T>) -> Option<T> {
        let value = self.object.get(name).filter(|value| !matches!(value, Tree::Null))?;
        let read = read(value);
        if read.is_none() {
            self.note(name);
        }
        read
    }

    fn note(&self, name: &str) {
        self.notes.unmapped.borrow_mut().push(self.path.then(Step::Name(name)).to_string());
    }
}

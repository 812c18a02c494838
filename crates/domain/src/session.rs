//! A channel session: its id, its revision, its document.

mod document;
mod indexed_fields;

// In modules of their own, since errors name them and this one names errors.
pub use crate::{
    id::{Id, InvalidId, TenantId},
    revision::Revision,
};
pub use document::Document;
pub(crate) use document::List;
#[cfg(test)]
pub(crate) use document::document;
pub use indexed_fields::IndexedFields;

/// A session as a store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Id,
    /// Its revision.
    pub revision: Revision,
    /// Its document as JSON text, as the store gives it; white space and member order mean nothing.
    pub document: String,
}

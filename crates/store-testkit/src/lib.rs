//! What every store must do, as a library of tests, and a fresh database for each of them.
//!
//! Knows the port to the store and no store. A store's crate runs all that a store decides with one line,
//! [`conformance!`]; the [`rules!`], which no store decides, run here. What a test of any crate needs besides is in
//! [`memory`], [`postgres`], [`seed`], [`generate`] and [`parsed`].

#[doc(hidden)]
pub mod cases;
mod conformance;
pub mod generate;
mod instances;
pub mod memory;
mod model;
pub mod parsed;
pub mod postgres;
pub mod seed;

use std::{any::Any, sync::Arc};

use domain::store::Store;

pub use conformance::{CASES, RULES};
pub use instances::Instances;

/// An empty store for one test, and what has to outlive it.
pub struct Fresh {
    /// The store.
    pub store: Arc<dyn Store>,
    _keep: Box<dyn Any + Send>,
}

impl Fresh {
    /// Takes a store and what must stay while the store is used: a temporary folder, a database.
    pub fn new(store: impl Store, keep: impl Any + Send) -> Self {
        Self { store: Arc::new(store), _keep: Box::new(keep) }
    }
}

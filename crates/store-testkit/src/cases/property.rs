//! The update rule as the domain states it, against what the store does, for random sessions and updates.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use domain::{
    Error,
    attribute::Attributes,
    json::Value,
    session::{Document, Id},
    store::{Store, UpdateData, Updated},
    update::{self, Change},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tokio::{runtime::Handle, task::block_in_place};

use super::ask;
use crate::{generate, parsed};

/// How many sessions are tried where `PROPTEST_CASES` says nothing: what takes a few seconds on a slow store.
const SESSIONS: u32 = 200;

pub async fn any_updates_of_any_session_do_what_the_rule_says(store: &Arc<dyn Store>) {
    let updates = vec((generate::any_attributes(), 0_usize..9), 1..6);
    let cases = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(SESSIONS);
    // There is no file of the tests' source to keep failures beside: the message has the smallest one.
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let runtime = Handle::current();
    let count = AtomicU32::new(0);
    let outcome = block_in_place(|| {
        TestRunner::new(config).run(
            &(generate::any_document(), updates, any::<bool>()),
            |(document, updates, batched)| {
                let id = parsed::id(&format!("session {}", count.fetch_add(1, Ordering::Relaxed)));
                runtime.block_on(does_what_the_rule_says(&**store, &id, document, updates, batched))
            },
        )
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

async fn does_what_the_rule_says(
    store: &dyn Store,
    id: &Id,
    document: Document,
    updates: Vec<(Attributes, usize)>,
    batched: bool,
) -> Result<(), TestCaseError> {
    let mut model = Model { id: id.clone(), document: parsed::value(&document.to_text()), revision: 1 };
    ask::create_one(store, domain::store::Create { document, ..ask::creation(id, "{}") })
        .await
        .map_err(|error| TestCaseError::fail(format!("the document is refused: {error:?}")))?;

    let items = updates.into_iter().map(|(attributes, max_attributes)| UpdateData {
        attributes,
        max_attributes,
        ..ask::update(id, "[]")
    });
    let items: Vec<_> = items.collect();
    let expected: Vec<_> =
        items.iter().map(|item| model.update(&item.attributes, item.max_attributes)).collect();
    let results = if batched {
        store.update_data(items).await
    } else {
        let mut results = Vec::new();
        for item in items {
            results.push(ask::update_one(store, item).await);
        }
        results
    };
    let told: Vec<_> = results.into_iter().map(|result| result.map(Told::from).map_err(comparable)).collect();
    prop_assert_eq!(told, expected);
    prop_assert_eq!(ask::stored(store, id).await, (model.document, model.revision));
    Ok(())
}

/// What the session must be.
struct Model {
    id: Id,
    document: Value,
    revision: i64,
}

/// What an update tells of the session.
#[derive(Debug, PartialEq)]
struct Told {
    id: Id,
    document: Value,
    revision: i64,
    changed: bool,
}

impl Model {
    fn update(&mut self, attributes: &Attributes, max_attributes: usize) -> Result<Told, String> {
        let change =
            update::apply(&self.id, self.document.clone(), attributes, max_attributes).map_err(comparable)?;
        let changed = match change {
            Change::Unchanged => false,
            Change::Changed(document) => {
                self.document = parsed::value(&document.to_text());
                self.revision += 1;
                true
            }
        };
        Ok(Told { id: self.id.clone(), document: self.document.clone(), revision: self.revision, changed })
    }
}

impl From<Updated> for Told {
    fn from(updated: Updated) -> Self {
        let (document, revision) = ask::read(&updated.session);
        Self { id: updated.session.id, document, revision, changed: updated.changed }
    }
}

/// Errors have sources, which cannot be compared; those of the rule are all that their text says.
fn comparable(error: Error) -> String {
    format!("{error:?}")
}

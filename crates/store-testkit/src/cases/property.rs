//! The update rule as the domain states it, against what the store does, for random sessions and updates.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use domain::{
    Error,
    command::{CommandResult, Create, Existing, Operation},
    session::{Document, Id, Revision},
    store::Store,
    update::{self, Update},
};
use json::Value;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tokio::{runtime::Handle, task::block_in_place};

use super::requests;
use crate::{generate, parsed};

pub async fn any_updates_of_any_session_do_what_the_rule_says(store: &Arc<dyn Store>) {
    let updates = vec(generate::any_update(), 1..6);
    // There is no file of the tests' source to keep failures beside: the message has the smallest one.
    let config = Config {
        cases: generate::cases(),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let runtime = Handle::current();
    let count = AtomicU32::new(0);
    let outcome = block_in_place(|| {
        let outcome = TestRunner::new(config).run(
            &(generate::any_document(), updates, any::<bool>()),
            |(document, updates, batched)| {
                let id = parsed::id(&format!("session {}", count.fetch_add(1, Ordering::Relaxed)));
                runtime.block_on(does_what_the_rule_says(&**store, &id, document, updates, batched))
            },
        );
        outcome.map_err(|failure| failure.to_string())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

async fn does_what_the_rule_says(
    store: &dyn Store,
    id: &Id,
    document: Document,
    updates: Vec<Update>,
    batched: bool,
) -> Result<(), TestCaseError> {
    let mut model = Model { id: id.clone(), document: document.clone(), revision: 1 };
    let creation = Operation::Create(Create { document, existing: Existing::Refuse });
    requests::execute(store, parsed::command(id.clone(), creation))
        .await
        .map_err(|error| TestCaseError::fail(format!("the document is refused: {error:?}")))?;

    let expected: Vec<_> = updates.iter().map(|update| model.update(update)).collect();
    let commands: Vec<_> = updates.into_iter().map(|update| requests::updating(id, update)).collect();
    let results = if batched {
        store.execute(commands).await
    } else {
        let mut results = Vec::new();
        for command in commands {
            results.push(requests::execute(store, command).await);
        }
        results
    };
    let applied: Vec<_> =
        results.into_iter().map(|result| result.map(Applied::from).map_err(comparable)).collect();
    prop_assert_eq!(applied, expected);
    prop_assert_eq!(
        requests::stored(store, id).await,
        (parsed::value(model.document.text()), model.revision)
    );
    Ok(())
}

/// What the session must be.
struct Model {
    id: Id,
    document: Document,
    revision: i64,
}

/// What an update is answered with.
#[derive(Debug, PartialEq)]
struct Applied {
    document: Value,
    revision: i64,
    changed: bool,
}

impl Model {
    fn update(&mut self, update: &Update) -> Result<Applied, String> {
        if !self.document.is_active() {
            return Err(comparable(Error::NotActive(self.id.clone())));
        }
        let applied =
            update::apply(&self.document, Revision::new(self.revision), update).map_err(comparable)?;
        let changed = applied.is_some();
        if let Some(applied) = applied {
            self.document = applied.document;
            self.revision += 1;
        }
        Ok(Applied { document: parsed::value(self.document.text()), revision: self.revision, changed })
    }
}

impl From<CommandResult> for Applied {
    fn from(changed: CommandResult) -> Self {
        let (document, revision) = requests::answered(&changed);
        Self { document, revision, changed: changed.changed }
    }
}

/// Errors have sources, which cannot be compared; those of the rule are all that their text says.
fn comparable(error: Error) -> String {
    format!("{error:?}")
}

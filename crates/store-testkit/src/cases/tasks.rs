//! Many callers at once.

use std::{sync::Arc, time::Duration};

use domain::{
    Error,
    command::{Command, CommandResult},
    store::Store,
};
use tokio::{task::JoinSet, time::timeout};

use super::requests;

pub(super) const TASKS: usize = 64;

/// Sends one command per task, all at once, and gives the results in the order of the commands.
pub(super) async fn at_once(
    store: &Arc<dyn Store>,
    commands: impl Iterator<Item = Command>,
) -> Vec<Result<CommandResult, Error>> {
    let mut tasks = JoinSet::new();
    for (at, command) in commands.enumerate() {
        let store = store.clone();
        tasks.spawn(async move { (at, requests::execute(&*store, command).await) });
    }
    let mut results = all_end(tasks).await;
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// What the tasks give, the first to end first, if they end: a deadlock must fail a test and not stop it.
pub(super) async fn all_end<T: 'static>(tasks: JoinSet<T>) -> Vec<T> {
    timeout(Duration::from_secs(60), tasks.join_all()).await.expect("all tasks end")
}

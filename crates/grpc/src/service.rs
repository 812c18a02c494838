//! The service's state, and how it has the store work.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use access::Access;
use budget::{Arrivals, AtWork, Budget, LongWork, Turns};
use domain::{
    Error,
    command::{Command, CommandResult},
    session::{Id, Session, TenantId},
    store::Store,
};
use futures_util::FutureExt;
use tenants::Tenants;
use tokio_util::sync::CancellationToken;
use watch::Hub;

use crate::{documents::Documents, line::Line};

/// What a deployment can set.
#[derive(Debug, Clone)]
pub struct Options {
    /// What each tenant may: the rules for its updates, and how many calls it makes.
    pub tenants: Tenants,
    /// The longest that a call, or an update of a stream, may take, whatever its caller allows. Too short, and calls fail
    /// that would have been answered; too long, and a store that is stalled keeps callers waiting.
    pub max_deadline: Duration,
    /// How long a call's request may take to arrive.
    pub body_timeout: Duration,
    /// How long a stream of updates may have nothing to do before it is ended. Too short, and callers that write now and
    /// then have to start again; too long, and what idle ones hold is held for so long.
    pub stream_idle_timeout: Duration,
    /// How long the results of a stream of updates may wait for their caller to take one. Too short, and callers on bad
    /// lines lose them; too long, and what those who never read hold is held for so long.
    pub answer_timeout: Duration,
    /// How many calls may be under way at once, and as many batches of streams of updates beside them. More are refused, so
    /// that what they hold in memory is bounded. Where callers have to say who they are, tenants share them.
    pub max_concurrent_calls: usize,
    /// What calls take together.
    pub budget: Budget,
    /// Who may call.
    pub access: Access,
    /// Whether reflection shows callers what there is.
    pub reflection: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tenants: Tenants::default(),
            max_deadline: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            stream_idle_timeout: Duration::from_secs(5 * 60),
            answer_timeout: Duration::from_secs(20),
            max_concurrent_calls: 1024,
            budget: Budget::default(),
            access: Access::anybody(),
            reflection: true,
        }
    }
}

impl Options {
    /// Whether there are several tenants, which share what has a limit.
    pub(crate) fn tenants_share(&self) -> bool {
        self.access.is_required()
    }

    /// The tenant that shares memory with others, if there are others.
    pub(crate) fn sharer<'a>(&self, tenant: &'a TenantId) -> Option<&'a str> {
        self.tenants_share().then_some(tenant.as_str())
    }
}

/// How many streams of updates may wait for their callers at once, some 10 kB each. Too few, and callers who pause have to open
/// another one; too many, and those who send nothing take the memory of all others.
const MAX_SILENT_STREAMS: usize = 4096;

/// The service over a store.
#[derive(Clone)]
pub struct Service {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Hub,
    pub(crate) options: Arc<Options>,
    /// For streams of updates that wait for their callers.
    pub(crate) silent_streams: Arrivals,
    /// For what streams of updates have under way. A stream that waits for its caller has no turn.
    pub(crate) streams: Turns,
    /// Which calls of tenants are worked on, those batches included.
    pub(crate) at_work: AtWork,
    /// Cancelled when streams are to end.
    pub(crate) stopping: CancellationToken,
    /// Whoever reads many sessions or events at once.
    pub(crate) lists: Line,
    /// Room for what comes from the store.
    pub(crate) documents: Documents,
}

impl Service {
    /// A service that keeps its sessions in `store`, and serves watches of them by a hub over the same store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, hub: Hub, options: Options) -> Self {
        Self {
            store,
            hub,
            silent_streams: Arrivals::new(MAX_SILENT_STREAMS),
            streams: Turns::new(options.max_concurrent_calls),
            at_work: AtWork::default(),
            lists: Line::new(options.tenants_share()),
            options: Arc::new(options),
            stopping: CancellationToken::new(),
            documents: Documents::new(LongWork::turns()),
        }
    }

    /// Ends the streams, which have no end of their own: watches at once, streams of updates when those that were read
    /// are made. Calls go on. To be called before connections are asked to finish, which they would not do otherwise.
    pub fn stop(&self) {
        self.stopping.cancel();
        self.hub.stop();
    }

    /// Has the store execute commands, and lets the watches know if there was one.
    pub(crate) async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        if commands.is_empty() {
            return Vec::new();
        }
        let sessions: Vec<_> =
            commands.iter().map(|command| (command.tenant.clone(), command.id.clone())).collect();
        let results = self.store.execute(commands).await;
        for ((_, id), result) in sessions.iter().zip(&results) {
            if let Ok(result) = result {
                self.documents.saw(id.as_str(), result.document.as_ref().map_or(0, String::len));
            }
        }
        // An answer that only would be says so too; then the watches look once in vain.
        let has_changed =
            |result: &Result<CommandResult, _>| result.as_ref().is_ok_and(|it| it.changed && !it.replayed);
        for ((tenant, _), _) in sessions.iter().zip(&results).filter(|(_, result)| has_changed(result)) {
            self.hub.wake(tenant);
        }
        results
    }

    /// The same for one command.
    pub(crate) async fn execute_one(&self, command: Command) -> Result<CommandResult, Error> {
        only(self.execute(vec![command]).await)
    }

    /// Returns a session as it stands, when there is room for it.
    pub(crate) async fn get(&self, tenant: &TenantId, id: Id) -> Result<Session, Error> {
        let _room = self.documents.room_to_read(tenant, &id).await;
        let session = only(self.store.get(tenant, vec![id]).await)?;
        self.documents.saw(session.id.as_str(), session.document.len());
        Ok(session)
    }
}

/// Does work whose panic is an internal error: it would end the connection, and all other calls on it.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<&str>().map(|message| (*message).to_owned());
        let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Error::Internal(message.unwrap_or_else(|| "a panic".to_owned()).into()))
    })
}

/// The result for the one item that was given to the store.
fn only<T>(results: Vec<Result<T, Error>>) -> Result<T, Error> {
    results.into_iter().next().unwrap_or_else(|| Err(Error::Internal("the store returned no result".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let error = caught::<()>(async { panic!("on purpose") }).await.expect_err("it panicked");
        let is_reported = matches!(&error, Error::Internal(cause) if cause.to_string() == "on purpose");
        assert!(is_reported, "{error:?}");
    }
}

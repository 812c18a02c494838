//! The service's state, and how it has work done that a caller cannot stop half-way.

use std::{sync::Arc, time::Duration};

use budget::Budget;
use domain::{
    Error,
    command::{Command, CommandResult, Requester},
    session::{Id, Session, TenantId},
    store::Store,
    value_type::ValueRules,
};
use http::HeaderMap;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watch::Hub;

use crate::{finish::Finish, layer::caller, line::Line, reads::Reads};

/// What a deployment can set.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many attributes a session may grow to.
    pub max_attributes: usize,
    /// Whether values are held to the rules of their types.
    pub value_rules: ValueRules,
    /// The longest that a call, or an update of a stream, may take, whatever its caller allows. Too short, and calls fail
    /// that would have been answered; too long, and a store that hangs keeps callers waiting.
    pub max_deadline: Duration,
    /// How long a call's request may take to arrive.
    pub body_timeout: Duration,
    /// How long a stream of updates may have nothing to do before it is ended. Too short, and callers that write now and
    /// then have to begin anew; too long, and what idle ones hold is held for so long.
    pub stream_idle_timeout: Duration,
    /// How long the results of a stream of updates may wait for their caller to take one. Too short, and callers on bad
    /// lines lose them; too long, and what those who never read hold is held for so long.
    pub answer_timeout: Duration,
    /// How many calls may be under way at once, and as many batches of streams of updates beside them. More are refused, so
    /// that what they hold in memory is bounded.
    pub max_concurrent_calls: usize,
    /// What calls take together.
    pub budget: Budget,
    /// Says by a request's headers who calls.
    pub identify: fn(&HeaderMap) -> (TenantId, Requester),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_attributes: 10,
            value_rules: ValueRules::Strict,
            max_deadline: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            stream_idle_timeout: Duration::from_secs(5 * 60),
            answer_timeout: Duration::from_secs(20),
            max_concurrent_calls: 1024,
            budget: Budget::default(),
            identify: caller::anybody,
        }
    }
}

/// The service over a store.
#[derive(Clone)]
pub struct Service {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Hub,
    pub(crate) options: Arc<Options>,
    /// Permits for what streams of updates have under way. A stream that waits for its caller holds none.
    pub(crate) streams: Arc<Semaphore>,
    /// Cancelled when streams are to end.
    pub(crate) stopping: CancellationToken,
    /// Whoever reads many sessions or events at once.
    pub(crate) lists: Line,
    /// Room for what is read.
    pub(crate) reads: Reads,
    tasks: TaskTracker,
}

impl Service {
    /// A service that keeps its sessions in `store`, and tells of them by a hub over the same store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, hub: Hub, options: Options) -> Self {
        Self {
            store,
            hub,
            streams: Arc::new(Semaphore::new(options.max_concurrent_calls)),
            options: Arc::new(options),
            stopping: CancellationToken::new(),
            lists: Line::default(),
            reads: Reads::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Ends the streams, which have no end of their own: watches at once, streams of updates when those that were read
    /// are made. Calls go on. To be called before connections are told to finish, which they would not do otherwise.
    pub fn stop(&self) {
        self.stopping.cancel();
        self.hub.stop();
    }

    /// Waits for the store's work that is under way, also that of callers who have gone. To be called when no new
    /// calls come in any more.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Does work to its end, also when its caller goes away: the store's futures must not be dropped. What a caller's going
    /// can still call off, it does through its cancel handle.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        Finish::new(&self.tasks, work).await
    }

    /// Has the store execute commands, and lets the watches know if there was one. To be run to its end: see
    /// [`Self::finish`].
    pub(crate) async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        if commands.is_empty() {
            return Vec::new();
        }
        let tenants: Vec<_> = commands.iter().map(|command| command.tenant.clone()).collect();
        let results = self.store.execute(commands).await;
        for result in results.iter().flatten() {
            self.reads.saw(result.document.as_ref().map_or(0, String::len));
        }
        // An answer that was given before, or only would be, says so too; then the watches look once in vain.
        for (tenant, _) in
            tenants.iter().zip(&results).filter(|(_, result)| result.as_ref().is_ok_and(|it| it.changed))
        {
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
        let _room = self.reads.room().await;
        let session = only(self.store.get(tenant, vec![id]).await)?;
        self.reads.saw(session.document.len());
        Ok(session)
    }
}

/// The result for the one item that was given to the store.
fn only<T>(results: Vec<Result<T, Error>>) -> Result<T, Error> {
    results.into_iter().next().unwrap_or_else(|| Err(Error::Internal("the store returned no result".into())))
}

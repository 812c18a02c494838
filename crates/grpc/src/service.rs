//! The service's state, and the three calls, each of which is a file of its own.

use std::{sync::Arc, time::Duration};

use channel_session_api::v1::{
    CreateChannelSessionRequest, CreateChannelSessionResponse, GetChannelSessionRequest,
    GetChannelSessionResponse, UpdateDataRequest, UpdateDataResponse,
    channel_session_service_server::ChannelSessionService,
};
use domain::{Error, attempt::Attempt, store::Store, value_type::ValueRules};
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status};
use tracing::Instrument;

use crate::{create, get, status, update_data};

/// What a deployment can set.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many attributes a session may grow to.
    pub max_attributes: usize,
    /// Whether values are held to the rules of their types.
    pub value_rules: ValueRules,
    /// The longest that a call may take, whatever its caller allows. Too short, and calls fail that would have been
    /// answered; too long, and a store that hangs keeps callers waiting.
    pub max_deadline: Duration,
    /// How many calls may be under way at once. More are refused, so that what they hold in memory is bounded.
    pub max_concurrent_calls: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_attributes: 10,
            value_rules: ValueRules::Strict,
            max_deadline: Duration::from_secs(10),
            max_concurrent_calls: 1024,
        }
    }
}

/// The service over a store.
#[derive(Clone)]
pub struct Service {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) options: Arc<Options>,
    tasks: TaskTracker,
}

impl Service {
    /// A service that keeps its sessions in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, options: Options) -> Self {
        Self { store, options: Arc::new(options), tasks: TaskTracker::new() }
    }

    /// Waits for the store's work that is under way, also that of callers who have gone. To be called when no new
    /// calls come in any more.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Runs a call to its end in a task of its own, which a caller that goes away cannot stop half-way: the store's
    /// futures must not be dropped. What a caller's going can still call off, it does through the attempt.
    async fn run<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let task = self.tasks.spawn(call.instrument(tracing::Span::current()));
        let result = match task.await {
            Ok(result) => result,
            Err(panic) => Err(Error::Internal(panic.into())),
        };
        result.map(Response::new).map_err(|error| status::from_error(&error))
    }
}

#[tonic::async_trait]
impl ChannelSessionService for Service {
    async fn update_data(
        &self,
        request: Request<UpdateDataRequest>,
    ) -> Result<Response<UpdateDataResponse>, Status> {
        let attempt = attempt(&request);
        self.run(update_data::run(self.clone(), request.into_inner(), attempt)).await
    }

    async fn create_channel_session(
        &self,
        request: Request<CreateChannelSessionRequest>,
    ) -> Result<Response<CreateChannelSessionResponse>, Status> {
        let attempt = attempt(&request);
        self.run(create::run(self.clone(), request.into_inner(), attempt)).await
    }

    async fn get_channel_session(
        &self,
        request: Request<GetChannelSessionRequest>,
    ) -> Result<Response<GetChannelSessionResponse>, Status> {
        self.run(get::run(self.clone(), request.into_inner())).await
    }
}

/// The attempt that the deadline layer gives up when time is over or the caller is gone.
fn attempt<T>(request: &Request<T>) -> Attempt {
    request.extensions().get::<Attempt>().cloned().unwrap_or_default()
}

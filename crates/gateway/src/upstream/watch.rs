//! A watch of the service's, from its start to its end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use channel_session_api::v1::{WatchChannelSessionsRequest, WatchChannelSessionsResponse};
use domain::{Error, Outcome, Reason};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Status, Streaming, codegen::tokio_stream::Stream};
use wire::error::ErrorReply;

use super::{Call, Client};
use crate::problem::Problem;

/// A watch that has started: what comes after its first message. Nothing is read of it before it is asked for more.
pub(crate) struct Watch {
    /// None when it has ended.
    rest: Option<Streaming<WatchChannelSessionsResponse>>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Its connection, which is to last as long as it does.
    _client: Client,
}

impl Stream for Watch {
    type Item = Result<WatchChannelSessionsResponse, Status>;

    /// An error is the last, and says why the watch ends.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { rest: Some(rest), stopping, .. } = &mut *self else { return Poll::Ready(None) };
        let next = if stopping.as_mut().poll(context).is_ready() {
            let message = "the gateway is stopping; go on at another instance";
            Some(Err(ErrorReply::new(Reason::StoreUnavailable, message).to_status()))
        } else {
            ready!(Pin::new(rest).poll_next(context))
        };
        if !matches!(next, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(next)
    }
}

impl Call {
    /// Starts a watch. It has started when its first message is there, for which it has as long as any call.
    pub(crate) async fn watch(
        &self,
        request: WatchChannelSessionsRequest,
    ) -> Result<(WatchChannelSessionsResponse, Watch), Problem> {
        let request = self.request(request);
        let upstream = &self.gateway.upstream;
        let mut client = upstream.watch();
        let start = async {
            let mut rest = client.watch_channel_sessions(request).await?.into_inner();
            let first = rest.message().await?;
            let first = first.ok_or_else(|| Status::unknown("the watch ended before it had begun"))?;
            Ok::<_, Status>((first, rest))
        };
        match tokio::time::timeout(self.gateway.options.call_timeout, start).await {
            Ok(Ok((first, rest))) => {
                let stopping = Box::pin(upstream.stopping.clone().cancelled_owned());
                Ok((first, Watch { rest: Some(rest), stopping, _client: client }))
            }
            Ok(Err(status)) => Err(self.problem(&status).without_outcome()),
            Err(_) => Err(Problem::from(&Error::DeadlineExceeded(Outcome::NotApplied))),
        }
    }
}

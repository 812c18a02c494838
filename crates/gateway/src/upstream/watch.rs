//! A watch of the service's, from its start to its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use channel_session_api::v1::{WatchChannelSessionsRequest, WatchChannelSessionsResponse};
use domain::{Error, Outcome, Reason};
use http::request::Parts;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Status, Streaming, codegen::tokio_stream::Stream};
use wire::error::ErrorReply;

use super::{Client, under};
use crate::{Gateway, problem::Problem};

/// A watch that has started.
pub(crate) struct Watch {
    /// Its first message.
    pub(crate) first: WatchChannelSessionsResponse,
    /// What comes after it.
    rest: Streaming<WatchChannelSessionsResponse>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Its connection, which is to last as long as it does.
    _client: Client,
}

impl Watch {
    /// What comes next after the first message: an error is the last, and says why the watch ends.
    pub(crate) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<WatchChannelSessionsResponse, Status>>> {
        if self.stopping.as_mut().poll(context).is_ready() {
            let message = "the gateway is stopping; go on at another instance";
            return Poll::Ready(Some(Err(ErrorReply::new(Reason::StoreUnavailable, message).to_status())));
        }
        Pin::new(&mut self.rest).poll_next(context)
    }
}

impl Gateway {
    /// Starts a watch, under the request's id and trace. It has started when its first message is there, for which it
    /// has as long as any call.
    pub(crate) async fn watch(
        &self,
        parts: &Parts,
        request: WatchChannelSessionsRequest,
    ) -> Result<Watch, Problem> {
        let request = under(parts, request);
        let mut client = self.upstream.watch();
        let start = async {
            let mut rest = client.watch_channel_sessions(request).await?.into_inner();
            let first = rest.message().await?;
            let first = first.ok_or_else(|| Status::unknown("the watch ended before it had begun"))?;
            Ok::<_, Status>((first, rest))
        };
        match tokio::time::timeout(self.options.call_timeout, start).await {
            Ok(Ok((first, rest))) => {
                let stopping = Box::pin(self.upstream.stopping.clone().cancelled_owned());
                Ok(Watch { first, rest, stopping, _client: client })
            }
            Ok(Err(status)) => Err(Problem::from(&status).without_outcome().for_caller(&parts.headers)),
            Err(_) => Err(Problem::from(&Error::DeadlineExceeded(Outcome::NotApplied))),
        }
    }
}

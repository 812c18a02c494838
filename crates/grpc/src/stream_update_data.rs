//! `StreamUpdateData`: has the store make updates as they come, returns what became of each.

use std::collections::VecDeque;

use budget::LongStream;
use channel_session_api::v1::{StreamUpdateDataRequest, StreamUpdateDataResponse, UpdateDataResult};
use domain::{Error, Reason, attempt::Attempt, attribute::Attributes, trace::TraceId};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use prost::Message;
use tokio::time::Instant;
use tonic::{Status, codegen::BoxStream};

use crate::{
    Service,
    batch::Batch,
    change::Origin,
    layer::{deadline::GivenUpOnDrop, error_details},
    status,
    stream_end::StreamEnd,
};

/// How many updates are made at once, if so many are there.
const MAX_UPDATES: usize = 64;

/// How much is read before it is worked on, in bytes: as much as one call of its own may hold.
const MAX_BYTES: usize = Attributes::MAX_REQUEST_BYTES;

/// Works only while the caller takes results: the stream is polled when the connection has room for another message.
/// Meanwhile nothing is read, and HTTP/2's flow control holds the caller back. What is under way holds a place, as a call
/// does; a stream that waits for its caller holds none, and ends when it has waited for too long.
pub(crate) fn run(
    service: Service,
    requests: impl Stream<Item = Result<StreamUpdateDataRequest, Status>> + Send + Unpin + 'static,
    trace_id: Option<TraceId>,
    end: StreamEnd,
    long: Option<LongStream>,
) -> BoxStream<StreamUpdateDataResponse> {
    let updates =
        Updates { service, requests, trace_id, end, results: VecDeque::new(), last: None, _long: long };
    Box::pin(stream::unfold(Some(updates), async |state| {
        let mut updates = state?;
        let result = updates.next().await?;
        let goes_on = result.is_ok();
        let response = result.map(|result| StreamUpdateDataResponse { result: Some(result) });
        Some((response, goes_on.then_some(updates)))
    }))
}

struct Updates<S> {
    service: Service,
    requests: S,
    /// The trace that the stream is part of, and with it all of its updates.
    trace_id: Option<TraceId>,
    end: StreamEnd,
    /// What has not been sent yet.
    results: VecDeque<UpdateDataResult>,
    /// How the stream ends once that is sent, if no more will be read.
    last: Option<Result<(), Status>>,
    _long: Option<LongStream>,
}

impl<S: Stream<Item = Result<StreamUpdateDataRequest, Status>> + Unpin> Updates<S> {
    async fn next(&mut self) -> Option<Result<UpdateDataResult, Status>> {
        loop {
            if let Some(result) = self.results.pop_front() {
                return Some(Ok(result));
            }
            if let Some(last) = self.last.take() {
                return last.err().map(Err);
            }
            let attempt = GivenUpOnDrop(Attempt::new());
            let origin = Origin { attempt: attempt.0.clone(), trace_id: self.trace_id };
            let batch = self.read(&origin).await;
            self.results = self.update(batch, attempt).await.into();
        }
    }

    /// Reads what is there, and waits only for the first. Whatever was read is worked on, however the stream goes on.
    async fn read(&mut self, origin: &Origin) -> Batch {
        let mut batch = Batch::default();
        let mut bytes = 0;
        let idle_timeout = self.service.options.stream_idle_timeout;
        let mut next = tokio::select! {
            biased;
            status = self.end.reached() => Some(Err(status)),
            request = tokio::time::timeout(idle_timeout, self.requests.next()) => {
                request.unwrap_or_else(|_| Some(Err(idle())))
            }
        };
        loop {
            match next {
                Some(Ok(request)) => {
                    bytes += request.encoded_len();
                    batch.add(request.request, &self.service.options, origin);
                }
                Some(Err(status)) => {
                    self.last = Some(Err(error_details::explain_message(status)));
                    return batch;
                }
                None => {
                    self.last = Some(Ok(()));
                    return batch;
                }
            }
            if batch.len() >= MAX_UPDATES || bytes >= MAX_BYTES {
                return batch;
            }
            match self.requests.next().now_or_never() {
                Some(request) => next = request,
                None => return batch,
            }
        }
    }

    /// Makes updates within the time that a call has. If the caller goes away, the attempt is given up with this future.
    async fn update(&mut self, batch: Batch, attempt: GivenUpOnDrop) -> Vec<UpdateDataResult> {
        let (changes, places) = batch.split();
        let count = changes.len();
        let service = self.service.clone();
        let work = async {
            let place = self.service.streams.clone().acquire_owned().await.map_err(|_| Error::Overloaded)?;
            let changed = async move {
                let _held = place;
                Ok(service.change(changes).await)
            };
            self.service.finish(changed).await
        };
        let limit = self.end.or_sooner(Instant::now() + self.service.options.max_deadline);
        places.fill(match tokio::time::timeout_at(limit, work).await {
            Ok(Ok(changed)) => changed,
            Ok(Err(error)) => vec![Err(error); count],
            Err(_) => vec![Err(Error::DeadlineExceeded(attempt.0.give_up())); count],
        })
    }
}

/// The end of a stream whose caller has nothing to do for it.
fn idle() -> Status {
    let message = "the stream had no request for too long; begin another one";
    status::from_reason(Reason::DeadlineExceeded, message)
}

#[cfg(test)]
mod tests;

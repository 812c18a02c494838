//! `StreamUpdateData`: has the store make updates as they come, returns what became of each.

mod results;

use budget::{LongStream, Share};
use channel_session_api::v1::{StreamUpdateDataRequest, StreamUpdateDataResponse, UpdateDataResult};
use domain::{
    Error, Reason,
    attribute::Attributes,
    caller::{Admission, Caller},
    cancel_handle::CancelHandle,
};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use prost::Message;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Status, codegen::BoxStream};
use tracing::Instrument;

use crate::{
    Service,
    batch::Batch,
    layer::{deadline::CancelledOnDrop, error_details},
    service::caught,
    status,
    stream_end::StreamEnd,
};
use results::Results;

/// How many updates are made at once, if so many are there.
const MAX_UPDATES: usize = 64;

/// How much is read before it is worked on, in bytes: as much as one call of its own may hold.
const MAX_BYTES: usize = Attributes::MAX_REQUEST_BYTES;

/// What the results of one batch come to at most, in bytes, unless one takes more or sessions are larger than those that were
/// seen lately.
const MAX_RESULT_BYTES: usize = 4 << 20;

/// How often a result is in memory: as a message, and encoded, or as the store returns it.
const COPIES: usize = 2;

/// Works in a task of its own, so that every limit on time holds also while the stream is not polled, which is when its
/// caller takes nothing. Reads only when the caller has taken all results and asks for more; meanwhile HTTP/2's flow control
/// holds it back. What is under way holds a permit, as a call does; a stream that waits for its caller holds none, and ends
/// when it has waited for too long.
pub(crate) fn run(
    service: Service,
    requests: impl Stream<Item = Result<StreamUpdateDataRequest, Status>> + Send + Unpin + 'static,
    caller: Caller,
    end: StreamEnd,
    long: Option<LongStream>,
) -> BoxStream<StreamUpdateDataResponse> {
    let results = Results::default();
    let updates = Updates { service, requests, caller, end, last: None, _long: long };
    let work = updates.run(results.clone()).instrument(tracing::Span::current());
    // Dropped with the stream, and so called off with it.
    let task = AbortOnDropHandle::new(tokio::spawn(work));
    Box::pin(stream::unfold(Some((results, task)), async |state| {
        let (results, mut task) = state?;
        let result = tokio::select! {
            biased;
            result = results.next() => result?,
            // It says how the stream ends, unless it panics.
            Err(panic) = &mut task => Err(status::from_error(&Error::Internal(panic.into()))),
        };
        let goes_on = result.is_ok();
        let response = result.map(|result| StreamUpdateDataResponse { result: Some(result) });
        Some((response, goes_on.then_some((results, task))))
    }))
}

struct Updates<S> {
    service: Service,
    requests: S,
    /// Whose updates all of them are.
    caller: Caller,
    end: StreamEnd,
    /// How the stream ends, if no more will be read.
    last: Option<Result<(), Status>>,
    _long: Option<LongStream>,
}

impl<S: Stream<Item = Result<StreamUpdateDataRequest, Status>> + Unpin> Updates<S> {
    async fn run(mut self, results: Results) {
        let (idle_timeout, answer_timeout) =
            (self.service.options.stream_idle_timeout, self.service.options.answer_timeout);
        loop {
            if !results.asked(answer_timeout, idle_timeout).await {
                results.end(Err(not_taken()));
                return;
            }
            if let Some(last) = self.last.take() {
                results.end(last);
                return;
            }
            // What was read before is paid for first, and meanwhile HTTP/2's flow control holds the caller back.
            tokio::select! {
                biased;
                _ = self.end.reached() => {}
                () = self.service.options.tenants.may_call(&self.caller.tenant) => {}
            }
            let cancel = CancelledOnDrop(CancelHandle::new());
            let caller = Caller { cancel_handle: cancel.0.clone(), ..self.caller.clone() };
            let (batch, share) = self.read(&caller).await;
            // Other streams of the tenant's may have read theirs meanwhile.
            tokio::select! {
                biased;
                _ = self.end.reached() => {}
                () = self.service.options.tenants.count_later(&self.caller.tenant, batch.len()) => {}
            }
            let (made, room) = self.update(batch, share, cancel).await;
            results.fill(made, room);
        }
    }

    /// Reads what is there, and waits only for the first. Whatever was read is worked on, however the stream goes on. What it
    /// takes is counted; a request that has no room is refused.
    async fn read(&mut self, caller: &Caller) -> (Batch, Share) {
        let mut batch = Batch::default();
        let options = self.service.options.clone();
        let mut share = options.budget.requests.share_of(options.sharer(&caller.tenant));
        let mut bytes = 0;
        let max_updates = (MAX_RESULT_BYTES / self.service.documents.largest().max(1)).clamp(1, MAX_UPDATES);
        let first = self.service.silent_streams.arrive(self.requests.next());
        let mut next = tokio::select! {
            biased;
            status = self.end.reached() => Some(Err(status)),
            first = tokio::time::timeout(options.stream_idle_timeout, first) => match first {
                Ok(Ok(request)) => request,
                Ok(Err(_)) => Some(Err(status::from_error(&Error::Overloaded))),
                Err(_) => Some(Err(idle())),
            }
        };
        loop {
            match next {
                Some(Ok(request)) => {
                    bytes += request.encoded_len();
                    match share.grow(bytes) {
                        Ok(()) => batch.add(request.request, &self.service.options, caller),
                        Err(_) => batch.refuse(Error::Overloaded),
                    }
                }
                Some(Err(status)) => {
                    self.last = Some(Err(error_details::explain_message(status)));
                    break;
                }
                None => {
                    self.last = Some(Ok(()));
                    break;
                }
            }
            if batch.len() >= max_updates || bytes >= MAX_BYTES {
                break;
            }
            match self.requests.next().now_or_never() {
                Some(request) => next = request,
                None => break,
            }
        }
        (batch, share)
    }

    /// Makes updates within the time that a call has, once there is room for what they come to. If the caller goes away, they
    /// are cancelled with this future.
    async fn update(
        &mut self,
        batch: Batch,
        share: Share,
        cancel: CancelledOnDrop,
    ) -> (Vec<UpdateDataResult>, Share) {
        let (mut commands, slots) = batch.split();
        let count = commands.len();
        let service = &self.service;
        let answers = &service.options.budget.answers;
        let mut room = answers.share();
        let work = async {
            room.wait_to_grow(COPIES * count * service.documents.largest()).await;
            let tenant = self.caller.tenant.as_str();
            let turn = service.streams.take(tenant).await;
            let admission = Admission::new((share, turn));
            commands.iter_mut().for_each(|command| command.admission = admission.clone());
            let made = caught(async { Ok(service.execute(commands).await) });
            match service.options.sharer(&self.caller.tenant) {
                Some(tenant) => service.at_work.run(tenant, made).await,
                None => made.await,
            }
        };
        let limit = self.end.or_sooner(Instant::now() + self.service.options.max_deadline);
        let results: Vec<_> = slots
            .fill(match tokio::time::timeout_at(limit, work).await {
                Ok(Ok(changed)) => changed,
                Ok(Err(error)) => vec![Err(error); count],
                Err(_) => vec![Err(Error::DeadlineExceeded(cancel.0.cancel())); count],
            })
            .collect();
        // What was made is answered, also where there is no room for so much of it.
        let _ = room.grow(COPIES * results.iter().map(Message::encoded_len).sum::<usize>());
        (results, room)
    }
}

/// The end of a stream whose caller has nothing to do for it.
fn idle() -> Status {
    let message = "the stream had no request for too long; begin another one";
    status::from_reason(Reason::DeadlineExceeded, message)
}

/// The end of a stream whose caller has left its results for too long.
fn not_taken() -> Status {
    let message = "results were not taken for too long; the outcome of those updates is not reported";
    status::from_reason(Reason::DeadlineExceeded, message)
}

#[cfg(test)]
mod tests;

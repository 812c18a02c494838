//! `BatchUpdateData`: has the store make many updates at once, returns what became of each.

use budget::Share;
use channel_session_api::v1::{
    BatchUpdateDataRequest, BatchUpdateDataResponse, ChannelSession, UpdateDataResult, update_data_result,
};
use domain::{Error, caller::Caller};
use prost::Message;
use wire::{MAX_UPDATES, MAX_VIOLATIONS};

use crate::{Service, batch::Batch, documents::Documents, status};

/// How much of an answer may be taken by results that are whole, in bytes. Clients refuse messages of over 4 MiB unless
/// they are configured otherwise, and when the answer is written the updates have been made; what is left has room for
/// a thousand results that are not whole.
const MAX_WHOLE_BYTES: usize = 3_000_000;

/// What the store's results of one step come to, in bytes, unless one is larger or sessions are larger than they were when
/// they were last seen. Too little, and batches of large sessions take many steps; too much, and few batches have room.
const MAX_STEP_BYTES: usize = 4 << 20;

/// What a batch is expected to have in memory of its sessions at once, in bytes: the results of a step, and those that are
/// whole in its answer.
fn expected(documents: &Documents, request: &BatchUpdateDataRequest) -> usize {
    let sizes = || request.requests.iter().map(|request| documents.expected(&request.channel_session_id));
    let (all, largest) = (sizes().sum::<usize>(), sizes().max().unwrap_or_default());
    all.min(MAX_STEP_BYTES.max(largest)) + all.min(MAX_WHOLE_BYTES)
}

pub(crate) async fn run(
    service: &Service,
    request: BatchUpdateDataRequest,
    caller: Caller,
) -> Result<(BatchUpdateDataResponse, Share), Error> {
    let (found, limit) = (request.requests.len(), MAX_UPDATES);
    if found > limit {
        return Err(Error::RequestTooLarge { what: "number of updates", found, limit });
    }
    // The call itself was counted when it came.
    let counted = service.options.tenants.count_more(&caller.tenant, found.saturating_sub(1));
    counted.map_err(|wait| Error::OverQuota { what: "a second", retry_after: Some(wait) })?;
    let expected = expected(&service.documents, &request);
    let room = service.documents.room_for_changes(&caller.tenant, expected).await;
    let mut requests = request.requests.into_iter().peekable();
    let mut results = Vec::with_capacity(found);
    let mut whole = Whole { left: MAX_WHOLE_BYTES };
    let mut violations = MAX_VIOLATIONS;
    while results.len() < found {
        // Each result of the store's has a whole document, whatever is asked for and left of it.
        let (mut batch, mut bytes) = (Batch::listing(violations), 0);
        while let Some(request) = requests.next_if(|request| {
            bytes += service.documents.expected(&request.channel_session_id);
            batch.len() == 0 || bytes <= MAX_STEP_BYTES
        }) {
            batch.add(Some(request), &service.options, &caller);
        }
        violations = batch.violations_left();
        let (commands, slots) = batch.split();
        results.extend(slots.fill(service.execute(commands).await).map(|result| whole.bound(result)));
    }
    Ok((BatchUpdateDataResponse { results }, room))
}

/// What is left for results that are whole, in bytes.
struct Whole {
    left: usize,
}

impl Whole {
    /// Reduces a result that is too large to follow those before it.
    fn bound(&mut self, mut result: UpdateDataResult) -> UpdateDataResult {
        match self.left.checked_sub(result.encoded_len()) {
            Some(left) => self.left = left,
            None => reduce(&mut result),
        }
        result
    }
}

/// Leaves what became of the update, and what the caller can ask for the rest by.
fn reduce(result: &mut UpdateDataResult) {
    result.reduced = true;
    match &mut result.result {
        Some(update_data_result::Result::Response(response)) => {
            if let Some(session) = &mut response.channel_session {
                let (id, etag) = (session.id.take(), std::mem::take(&mut session.etag));
                *session =
                    ChannelSession { id, revision: session.revision, etag, ..ChannelSession::default() };
            }
        }
        Some(update_data_result::Result::Failure(failure)) => {
            failure.violations.clear();
            if let Some(mismatch) = &mut failure.mismatch {
                status::omit_present(mismatch);
            }
        }
        None => {}
    }
}

#[cfg(test)]
mod tests;

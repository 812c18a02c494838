//! `BatchUpdateData`: has the store make many updates at once, returns what became of each.

use channel_session_api::v1::{
    BatchUpdateDataRequest, BatchUpdateDataResponse, ChannelSession, UpdateDataResult, update_data_result,
};
use domain::Error;
use prost::Message;

use crate::{Service, batch::Batch, change::Origin, status};

/// How many updates a request may hold.
const MAX_UPDATES: usize = 1000;

/// How much of an answer may be taken by results that are whole, in bytes. Clients refuse messages of over 4 MiB unless
/// they are told otherwise, and when the answer is written the updates have been made; what is left has room for a
/// thousand results that are not whole.
const MAX_WHOLE_BYTES: usize = 3_000_000;

pub(crate) async fn run(
    service: Service,
    request: BatchUpdateDataRequest,
    origin: Origin,
) -> Result<BatchUpdateDataResponse, Error> {
    let (found, limit) = (request.requests.len(), MAX_UPDATES);
    if found > limit {
        return Err(Error::RequestTooLarge { what: "number of updates", found, limit });
    }
    let mut batch = Batch::default();
    for request in request.requests {
        batch.add(Some(request), &service.options, &origin);
    }
    let (changes, places) = batch.split();
    let mut results = places.fill(service.change(changes).await);
    bound(&mut results, MAX_WHOLE_BYTES);
    Ok(BatchUpdateDataResponse { results })
}

/// Reduces the results that are too large to follow those before them.
fn bound(results: &mut [UpdateDataResult], max_bytes: usize) {
    let mut bytes = 0;
    for result in results {
        let size = result.encoded_len();
        if bytes + size > max_bytes {
            reduce(result);
        } else {
            bytes += size;
        }
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

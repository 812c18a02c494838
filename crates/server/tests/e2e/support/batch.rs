//! Many updates in one call over gRPC.

use channel_session_api::v1::{
    BatchUpdateDataRequest, UpdateDataRequest, UpdateDataResponse, UpdateDataResult, update_data_result,
};

use super::{Client, Failure, caller::Session};

/// What became of an update: the session and whether it changed, or why not.
pub(crate) type Became = Result<(Session, bool), Failure>;

/// Makes updates in one call.
pub(crate) async fn in_a_batch(client: &Client, requests: Vec<UpdateDataRequest>) -> Vec<Became> {
    let response = client.clone().batch_update_data(BatchUpdateDataRequest { requests }).await;
    response.unwrap().into_inner().results.into_iter().map(from_result).collect()
}

/// What an answer to one of many says.
pub(crate) fn from_result(result: UpdateDataResult) -> Became {
    assert!(!result.reduced);
    match result.result.unwrap() {
        update_data_result::Result::Response(response) => Ok(from_response(response)),
        update_data_result::Result::Failure(failure) => Err(Failure::from_failure(failure)),
    }
}

/// What the answer to an update that was made says.
pub(crate) fn from_response(response: UpdateDataResponse) -> (Session, bool) {
    (response.channel_session.unwrap().into(), response.changed)
}

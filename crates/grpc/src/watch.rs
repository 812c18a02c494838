//! `WatchChannelSessions`: delivers to a caller what happens to sessions.

use budget::{FREE_BYTES, LongStream, Memory, Share};
use channel_session_api::v1::{WatchChannelSessionsRequest, WatchChannelSessionsResponse};
use domain::{
    Error,
    attribute::{Attribute, key_problem},
    caller::Caller,
    event::{Position, Scope},
    session::{Id, TenantId},
    violation::Violation,
};
use futures_util::stream::unfold;
use tonic::{Status, codegen::BoxStream};
use watch::{Delivery, QUIET, Subscription, Watcher};

use crate::{Service, condition, status, stream_end::StreamEnd, view};

pub(crate) async fn run(
    service: Service,
    request: WatchChannelSessionsRequest,
    caller: Caller,
    end: StreamEnd,
    long: Option<LongStream>,
) -> Result<BoxStream<WatchChannelSessionsResponse>, Error> {
    let watch = service.hub.watch(subscription(request, caller.tenant)?).await?;
    Ok(stream(watch, end, service.options.budget.events.clone(), long))
}

fn subscription(request: WatchChannelSessionsRequest, tenant: TenantId) -> Result<Subscription, Error> {
    let id = request.channel_session_id;
    let id = if id.is_empty() { None } else { Some(Id::parse(&id)?) };
    let (found, limit) = (request.keys.len(), wire::MAX_WATCHED_KEYS);
    if found > limit {
        return Err(Error::RequestTooLarge { what: "number of keys", found, limit });
    }
    let scope = match (id, condition::parse("conversation_id", request.conversation_id)?) {
        (None, None) => Scope::All,
        (Some(id), None) => Scope::Session(id),
        (None, Some(conversation)) => Scope::Conversation(conversation),
        (Some(_), Some(_)) => {
            let description = "must be left out where channel_session_id is given: a watch is of one of them";
            return Err(Error::InvalidParameter(Violation::new("conversation_id", "one_of", description)));
        }
    };
    check_keys(&request.keys)?;
    let after = position(request.position)?;
    Ok(Subscription { tenant, scope, keys: request.keys, after })
}

fn check_keys(keys: &[String]) -> Result<(), Error> {
    for (at, key) in keys.iter().enumerate() {
        if let Some((rule, description)) = key_problem(key) {
            let key = Some(key.chars().take(Attribute::MAX_KEY_CHARS).collect());
            let violation = Violation::new(format!("keys[{at}]"), rule, description);
            return Err(Error::InvalidParameter(Violation { key, ..violation }));
        }
    }
    Ok(())
}

/// Only the store knows what a position says. What it cannot be is refused before it is sent there.
fn position(text: String) -> Result<Option<Position>, Error> {
    if text.len() > Position::MAX_CHARS || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let description = "must be a position that an earlier response gave, as it was";
        return Err(Error::InvalidParameter(Violation::new("position", "position", description)));
    }
    Ok((!text.is_empty()).then(|| Position::new(text)))
}

/// Asks the watch for more only when what came before is on its way. A message is made when there is room for it beside
/// those of other watches, and its share is held until the next one is asked for: so slow callers cost no memory that
/// grows with them.
fn stream(
    watch: Watcher,
    end: StreamEnd,
    memory: Memory,
    long: Option<LongStream>,
) -> BoxStream<WatchChannelSessionsResponse> {
    let state = Deliveries { watch, end, memory, delivered: None, next: None, _share: None, _long: long };
    Box::pin(unfold(Some(state), async |state| {
        let mut state = state?;
        state._share = None;
        match state.message().await {
            Ok(message) => Some((Ok(message), Some(state))),
            Err(status) => Some((Err(status), None)),
        }
    }))
}

/// How often an event is in memory while it is on its way to one watch.
const COPIES: usize = 2;

struct Deliveries {
    watch: Watcher,
    end: StreamEnd,
    memory: Memory,
    /// Up to where everything has been delivered.
    delivered: Option<Position>,
    /// What there was no room for yet.
    next: Option<Delivery>,
    /// Of the message that is on its way.
    _share: Option<Share>,
    _long: Option<LongStream>,
}

impl Deliveries {
    /// What comes next: an event when there is room for it, or a heartbeat meanwhile.
    async fn message(&mut self) -> Result<WatchChannelSessionsResponse, Status> {
        let next = match self.next.take() {
            Some(next) => next,
            None => next(&mut self.watch, &self.end).await?,
        };
        let room = tokio::select! {
            biased;
            status = self.end.reached() => return Err(status),
            share = self.memory.wait(bytes(&next)) => Some(share),
            () = tokio::time::sleep(QUIET) => None,
        };
        let Some(share) = room else {
            let position = self.delivered.clone().unwrap_or_else(|| next.position.clone());
            self.next = Some(next);
            return Ok(message(&Delivery { event: None, position }));
        };
        self._share = Some(share);
        self.delivered = Some(next.position.clone());
        Ok(message(&next))
    }
}

/// What an event takes on its way, as a message and encoded. None where it goes out in one piece, which is not taken from
/// who does not read.
fn bytes(delivery: &Delivery) -> usize {
    let bytes = delivery.event.as_ref().map_or(0, |event| event.json().len());
    if bytes > FREE_BYTES { COPIES * bytes } else { 0 }
}

async fn next(watch: &mut Watcher, end: &StreamEnd) -> Result<Delivery, Status> {
    tokio::select! {
        biased;
        // Asked first, since the hub of a service that stops calls it an error.
        status = end.reached() => Err(status),
        delivery = watch.next() => delivery.map_err(|error| status::from_error(&error)),
    }
}

fn message(delivery: &Delivery) -> WatchChannelSessionsResponse {
    WatchChannelSessionsResponse {
        event: delivery.event.as_deref().map(view::event::with_json),
        position: delivery.position.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests;

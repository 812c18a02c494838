//! What goes back: stored documents as they are, and JSON around them.

use std::marker::PhantomData;

use axum::response::{AppendHeaders, IntoResponse, Response};
use budget::Counted;
use channel_session_api::v1::ChannelSession;
use domain::Error;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG},
};
use http_body::Body;
use prost::Message;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Gateway,
    headers::Preference,
    openapi::ChannelSessionDocument,
    operation::{Answer, Describe, Operation},
    problem::Problem,
};

/// An answer of a call that succeeded, of which its type says what it can be.
pub(crate) struct Reply<A>(Response, PhantomData<fn() -> A>);

/// What answers there can be.
pub(crate) trait Answers {
    const ANSWERS: &'static [Answer];
}

/// What is written as JSON is answered as JSON.
impl<T: Serialize + JsonSchema> Answers for T {
    const ANSWERS: &'static [Answer] = &[Answer::json::<T>()];
}

/// A session that was changed: its document, or nothing of it where that was preferred.
pub(crate) struct Session;

impl Answers for Session {
    const ANSWERS: &'static [Answer] = &[DOCUMENT.with(&[("ETag", true)]), NO_DOCUMENT];
}

/// A session's document.
pub(crate) const DOCUMENT: Answer = Answer::json::<ChannelSessionDocument>();
/// A session without its document.
pub(crate) const NO_DOCUMENT: Answer = Answer::empty(204).with(&[("ETag", false)]);

impl<A: Answers> Reply<A> {
    pub(crate) fn new(response: impl IntoResponse) -> Self {
        let response = response.into_response();
        debug_assert!(A::ANSWERS.iter().any(|answer| answer.status == response.status()));
        Self(response, PhantomData)
    }

    /// A session's document as it is stored, and its revision as the entity tag.
    pub(crate) fn session(
        status: StatusCode,
        session: Option<ChannelSession>,
        preference: &Preference,
    ) -> Self {
        let session = session.unwrap_or_default();
        // A creation that was only validated has no revision, and so no entity tag.
        let etag = (session.revision > 0).then_some(AppendHeaders([(ETAG, session.etag)]));
        if session.document_json.is_empty() {
            let status = if status == StatusCode::OK { StatusCode::NO_CONTENT } else { status };
            return Self::new((status, etag, preference.applied(), ()));
        }
        Self::new((status, etag, [(CONTENT_TYPE, "application/json")], session.document_json))
    }

    /// The same answer with what the service's had of the memory, until it goes out: that of a change, which is
    /// answered in any case.
    pub(crate) fn made_with(mut self, counted: Option<Counted>) -> Self {
        let size = size(&self.0);
        if let Some(counted) = counted {
            self.0.extensions_mut().insert(counted.shrunk(size));
        }
        self
    }

    /// The same answer with its share of the memory: what is left of the one that the service's answer had, or else one of
    /// its own. Refused where there is no room: begun without it, it would be cut off.
    pub(crate) fn counted(mut self, gateway: &Gateway, counted: Option<Counted>) -> Result<Self, Problem> {
        let size = size(&self.0);
        let counted = match counted {
            Some(counted) => counted.shrunk(size),
            None => {
                let mut share = gateway.options.budget.answers.share();
                share.grow(size).map_err(|_| Problem::from(&Error::Overloaded))?;
                Counted::by(share)
            }
        };
        self.0.extensions_mut().insert(counted);
        Ok(self)
    }
}

impl<A: Serialize + JsonSchema> Reply<A> {
    /// JSON.
    pub(crate) fn json(value: &A) -> Result<Self, Problem> {
        let mut text =
            serde_json::to_vec(value).map_err(|error| Problem::from(&Error::Internal(error.into())))?;
        // A text that grew may have twice the room that it needs, for as long as its caller takes to read it.
        text.shrink_to_fit();
        Ok(Self::new(([(CONTENT_TYPE, "application/json")], text)))
    }

    /// JSON that is made of a long answer of the service's, while there is room for both and for what is between them. The request
    /// is known to be [long work](crate::off_network).
    pub(crate) fn long<M: Message>(
        gateway: &Gateway,
        answer: M,
        value: impl FnOnce(M) -> Result<A, Problem>,
    ) -> Result<Self, Problem> {
        const COPIES: usize = 3;
        let budget = &gateway.options.budget;
        let overloaded = |_| Problem::from(&Error::Overloaded);
        let mut share = budget.answers.share();
        share.grow(COPIES * answer.encoded_len()).map_err(overloaded)?;
        let mut reply = Self::json(&value(answer)?)?;
        let mut kept = share.renewed();
        drop(share);
        kept.grow(size(&reply.0)).map_err(overloaded)?;
        reply.0.extensions_mut().insert(Counted::by(kept));
        Ok(reply)
    }
}

impl<A> IntoResponse for Reply<A> {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<A: Answers> Describe for Reply<A> {
    fn describe(operation: &mut Operation) {
        operation.answers.extend(A::ANSWERS);
    }
}

/// What an answer's body takes, in bytes.
fn size(response: &Response) -> usize {
    usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX)
}

/// A stored document that is to stand within other JSON, as it is.
pub(crate) fn within(id: Option<&str>, text: String) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(text).map_err(|error| {
        let id = id.unwrap_or_default();
        Problem::from(&Error::Internal(format!("the stored document of {id} is no JSON: {error}").into()))
    })
}

//! The typed view of a session.

use channel_session_api::v1::{
    Attribute, ChannelData, ChannelSession, ChannelSessionState, Customer, CustomerPresence,
};
use domain::session::{Document, Session};
use json::{Path, Tree};

use super::{
    attribute, channel,
    members::{Members, Notes},
};

/// Reads the documented members of a session's document.
pub(super) fn typed(session: &Session) -> ChannelSession {
    // Stores keep nothing but JSON, and of that what the service takes.
    let value = json::parse(&session.document, Document::MAX_DEPTH, &Path::root("")).ok();
    let Some(object) = value.as_ref().and_then(Tree::as_object) else {
        // A reply does not fail for it all the same.
        tracing::error!(id = session.id.as_str(), "a stored document is not what the service stored");
        return ChannelSession::default();
    };
    let notes = Notes::default();
    let members = Members::root(object, &notes);
    let mut message = ChannelSession {
        participant_type: members.string("participantType"),
        id: members.string("id"),
        channel: members.message("channel", channel::channel),
        customer: members.message("customer", customer),
        customer_suggestions: members.list("customerSuggestions"),
        channel_data: members.message("channelData", channel_data),
        latest_intent: members.any("latestIntent"),
        customer_presence: members
            .message("customerPresence", |members| CustomerPresence { value: members.any("value") }),
        is_active: members.boolean("isActive"),
        conversation_id: members.string("conversationId"),
        state: members.message("state", |members| ChannelSessionState {
            name: members.string("name"),
            reason_code: members.string("reasonCode"),
        }),
        channel_session_direction: members.string("channelSessionDirection"),
        active: members.boolean("active"),
        ..ChannelSession::default()
    };
    message.unmapped_members = notes.unmapped.into_inner();
    message.empty_lists = notes.empty_lists.into_inner();
    message
}

fn customer(members: Members<'_>) -> Customer {
    Customer {
        customer_id: members.string("_id"),
        first_name: members.string("firstName"),
        phone_number: members.list("phoneNumber"),
        is_anonymous: members.boolean("isAnonymous"),
        version: members.integer("__v"),
        web: members.list("web"),
    }
}

fn channel_data(members: Members<'_>) -> ChannelData {
    ChannelData {
        channel_customer_identifier: members.string("channelCustomerIdentifier"),
        service_identifier: members.string("serviceIdentifier"),
        request_priority: members.integer("requestPriority"),
        additional_attributes: members.messages("additionalAttributes", entry),
    }
}

fn entry(members: Members<'_>) -> Attribute {
    let mut attribute = Attribute {
        key: members.string("key").unwrap_or_default(),
        r#type: members.string("type").unwrap_or_default(),
        ..Attribute::default()
    };
    if let Some(stored) = members.stored("value") {
        attribute::set_value(&mut attribute, stored);
    }
    attribute
}

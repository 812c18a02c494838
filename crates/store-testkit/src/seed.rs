//! The documents that the service's contract starts from.

/// The channel session that the field's documentation prints.
pub const CHANNEL_SESSION: &str = include_str!("../seed/channel_session.json");

/// The request body that it gives as the example; applied to the session, it changes nothing.
pub const UPDATE_DATA_REQUEST: &str = include_str!("../seed/update_data_request.json");

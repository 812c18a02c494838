//! Callers over gRPC: some share an HTTP/2 connection.

mod connection;

use channel_session_api::v1::{
    ChannelSession, ChannelSessionView, GetChannelSessionRequest, UpdateDataRequest,
    channel_session_service_client::ChannelSessionServiceClient,
};
use serde::Serialize;

use super::{
    Caller, Target,
    update::{Attributes, Token},
};
use crate::Failure;
use connection::Connection;

/// A client as the contract's crate generates it.
pub(crate) type Client = ChannelSessionServiceClient<Connection>;

/// Connections that all callers share.
const CONNECTIONS: usize = 4;

/// What replies hold of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum View {
    /// Its typed fields
    Typed,
    /// Its JSON text as it is stored
    Json,
}

impl From<View> for i32 {
    fn from(view: View) -> Self {
        match view {
            View::Typed => ChannelSessionView::Typed,
            View::Json => ChannelSessionView::Json,
        }
        .into()
    }
}

/// A client with a connection of its own to HOST:PORT.
pub(crate) async fn connect(address: &str) -> Result<Client, Failure> {
    let origin = format!("http://{address}").parse()?;
    Ok(ChannelSessionServiceClient::with_origin(Connection::open(address).await?, origin))
}

/// Clients for the callers of one thread.
async fn clients(address: &str, callers: usize) -> Result<Vec<Client>, Failure> {
    let mut clients = Vec::with_capacity(callers);
    let connections = CONNECTIONS.div_ceil(super::threads());
    for caller in 0..callers {
        let client = match caller.checked_sub(connections) {
            None => connect(address).await?,
            Some(earlier) => Client::clone(&clients[earlier]),
        };
        clients.push(client);
    }
    Ok(clients)
}

/// `UpdateData`.
#[derive(Clone)]
pub(crate) struct Updates {
    /// HOST:PORT.
    pub(crate) address: String,
    pub(crate) view: View,
}

impl Target for Updates {
    type Caller = Updater;

    async fn connect(&self, callers: usize) -> Result<Vec<Updater>, Failure> {
        let attributes = Attributes::documented()?;
        let updater = |client| Updater { client, view: self.view, attributes: attributes.clone() };
        Ok(clients(&self.address, callers).await?.into_iter().map(updater).collect())
    }
}

pub(crate) struct Updater {
    client: Client,
    view: View,
    attributes: Attributes,
}

impl Caller for Updater {
    async fn call(&mut self, session: u32, token: Token) -> Result<i64, Failure> {
        let request = UpdateDataRequest {
            channel_session_id: format!("session-{session}"),
            attributes: self.attributes.with(token)?,
            view: self.view.into(),
            ..UpdateDataRequest::default()
        };
        let response = self.client.update_data(request).await?.into_inner();
        if !response.changed {
            return Err(format!("the update {token} of session-{session} changed nothing").into());
        }
        revision(response.channel_session)
    }
}

/// `GetChannelSession`.
#[derive(Clone)]
pub(crate) struct Reads {
    /// HOST:PORT.
    pub(crate) address: String,
    pub(crate) view: View,
}

impl Target for Reads {
    type Caller = Reader;

    async fn connect(&self, callers: usize) -> Result<Vec<Reader>, Failure> {
        let reader = |client| Reader { client, view: self.view };
        Ok(clients(&self.address, callers).await?.into_iter().map(reader).collect())
    }
}

pub(crate) struct Reader {
    client: Client,
    view: View,
}

impl Caller for Reader {
    async fn call(&mut self, session: u32, _: Token) -> Result<i64, Failure> {
        let channel_session_id = format!("session-{session}");
        let request = GetChannelSessionRequest { channel_session_id, view: self.view.into() };
        revision(self.client.get_channel_session(request).await?.into_inner().channel_session)
    }
}

fn revision(session: Option<ChannelSession>) -> Result<i64, Failure> {
    Ok(session.ok_or("a reply holds no session")?.revision)
}

//! Callers over gRPC: some share an HTTP/2 connection.

mod connection;

use channel_session_api::v1::{
    ChannelSessionView, GetChannelSessionRequest,
    channel_session_service_client::ChannelSessionServiceClient,
    channel_session_service_server::SERVICE_NAME,
};
use http::{HeaderValue, Uri};
use prost::Message as _;
use serde::Serialize;

use super::{
    Caller, Target,
    update::{Message, Token},
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
    Ok(ChannelSessionServiceClient::with_origin(Connection::open(address, None).await?, origin))
}

/// How a service is called that is not open to everybody.
#[derive(Clone)]
pub(crate) struct Secure {
    pub(crate) tls: tls::Client,
    /// What each call shows.
    pub(crate) authorization: HeaderValue,
}

/// Connections for the callers of one thread.
async fn connections(
    address: &str,
    secure: Option<&Secure>,
    callers: usize,
) -> Result<Vec<Connection>, Failure> {
    let mut connections = Vec::with_capacity(callers);
    let count = CONNECTIONS.div_ceil(super::threads());
    for caller in 0..callers {
        let connection = match caller.checked_sub(count) {
            None => Connection::open(address, secure).await?,
            Some(earlier) => Connection::clone(&connections[earlier]),
        };
        connections.push(connection);
    }
    Ok(connections)
}

/// The address of a method of the service at HOST:PORT.
fn method(address: &str, name: &str) -> Result<Uri, Failure> {
    Ok(format!("http://{address}/{SERVICE_NAME}/{name}").parse()?)
}

/// `UpdateData`.
#[derive(Clone)]
pub(crate) struct Updates {
    /// HOST:PORT.
    pub(crate) address: String,
    pub(crate) view: View,
    pub(crate) secure: Option<Secure>,
}

impl Target for Updates {
    type Caller = Updater;

    async fn connect(&self, callers: usize) -> Result<Vec<Updater>, Failure> {
        let method = method(&self.address, "UpdateData")?;
        let message = Message::documented(self.view.into())?;
        let updater = |connection| Updater { connection, method: method.clone(), message: message.clone() };
        let connections = connections(&self.address, self.secure.as_ref(), callers).await?;
        Ok(connections.into_iter().map(updater).collect())
    }
}

pub(crate) struct Updater {
    connection: Connection,
    method: Uri,
    message: Message,
}

impl Caller for Updater {
    async fn call(&mut self, session: u32, token: Token) -> Result<i64, Failure> {
        let reply = self.connection.unary(&self.method, &self.message.with(session, token)).await?;
        let reply = UpdateReply::decode(reply)?;
        if !reply.changed {
            return Err(format!("the update {token} of session-{session} changed nothing").into());
        }
        revision(reply.channel_session)
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
        let method = method(&self.address, "GetChannelSession")?;
        let reader = |connection| Reader { connection, method: method.clone(), view: self.view };
        Ok(connections(&self.address, None, callers).await?.into_iter().map(reader).collect())
    }
}

pub(crate) struct Reader {
    connection: Connection,
    method: Uri,
    view: View,
}

impl Caller for Reader {
    async fn call(&mut self, session: u32, _: Token) -> Result<i64, Failure> {
        let channel_session_id = format!("session-{session}");
        let request = GetChannelSessionRequest { channel_session_id, view: self.view.into() };
        let reply = self.connection.unary(&self.method, &request.encode_to_vec()).await?;
        revision(GetReply::decode(reply)?.channel_session)
    }
}

/// The `Check` of gRPC's health protocol.
#[derive(Clone)]
pub(crate) struct Checks {
    /// HOST:PORT.
    pub(crate) address: String,
}

impl Target for Checks {
    type Caller = Checker;

    async fn connect(&self, callers: usize) -> Result<Vec<Checker>, Failure> {
        let method: Uri = format!("http://{}/grpc.health.v1.Health/Check", self.address).parse()?;
        let checker = |connection| Checker { connection, method: method.clone() };
        Ok(connections(&self.address, None, callers).await?.into_iter().map(checker).collect())
    }
}

pub(crate) struct Checker {
    connection: Connection,
    method: Uri,
}

impl Caller for Checker {
    /// The health has no revision.
    async fn call(&mut self, _: u32, _: Token) -> Result<i64, Failure> {
        self.connection.unary(&self.method, &[]).await?;
        Ok(0)
    }
}

/// Of `UpdateDataResponse`, what a caller here looks at.
#[derive(prost::Message)]
struct UpdateReply {
    #[prost(message, tag = "1")]
    channel_session: Option<Session>,
    #[prost(bool, tag = "2")]
    changed: bool,
}

/// Of `GetChannelSessionResponse`, the same.
#[derive(prost::Message)]
struct GetReply {
    #[prost(message, tag = "1")]
    channel_session: Option<Session>,
}

/// Of `ChannelSession`, the same.
#[derive(prost::Message)]
struct Session {
    #[prost(int64, tag = "100")]
    revision: i64,
}

fn revision(session: Option<Session>) -> Result<i64, Failure> {
    Ok(session.ok_or("a reply holds no session")?.revision)
}

//! The service on a fresh database.

use std::{net::SocketAddr, process::ExitStatus};

use channel_session_api::v1::{
    CreateChannelSessionRequest, channel_session_service_client::ChannelSessionServiceClient,
};
use store_testkit::postgres;
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use super::{Rest, process::Process};

/// A gRPC client. Clones share its connection.
pub(crate) type Client = ChannelSessionServiceClient<Channel>;

/// Which store the service runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
    /// PostgreSQL with row-level security, as an ordinary role that owns the tables.
    GuardedPostgres,
}

/// Which gateway REST calls go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// The one in the server's process.
    Combined,
    /// One of its own, in front of the gRPC address.
    Alone,
}

/// Processes and database of one service.
pub(crate) struct Service {
    pub(crate) server: Process,
    pub(crate) gateway: Option<Process>,
    database: Database,
}

enum Database {
    Sqlite(TempDir),
    Postgres(postgres::Database),
    /// One whose owner connects.
    Guarded {
        _database: postgres::Database,
        owner_url: String,
    },
    /// One that the test looks after, by its URL.
    Given(String),
}

impl Database {
    async fn new(store: Store) -> Self {
        match store {
            Store::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Store::Postgres => Self::Postgres(postgres::database().await),
            Store::GuardedPostgres => {
                let database = postgres::database().await;
                let owner_url = database.owner_url().await;
                Self::Guarded { _database: database, owner_url }
            }
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("sessions.db").display()),
            Self::Postgres(database) => database.url().to_owned(),
            Self::Given(url) | Self::Guarded { owner_url: url, .. } => url.clone(),
        }
    }

    /// The flags that a server needs for it beside its URL.
    fn flags(&self) -> &'static [&'static str] {
        match self {
            Self::Sqlite(_) | Self::Postgres(_) | Self::Given(_) => &[],
            Self::Guarded { .. } => &["--row-level-security", "on"],
        }
    }
}

impl Service {
    /// The service as it comes, with the documented session in it.
    pub(crate) async fn start(store: Store) -> Self {
        Self::with(store, Front::Combined, &[]).await
    }

    /// The service with more flags for the server.
    pub(crate) async fn with(store: Store, front: Front, flags: &[&str]) -> Self {
        Self::run(Database::new(store).await, front, flags, &[])
    }

    /// The service with more flags for the server, and for the gateway where that is alone.
    pub(crate) async fn with_front(store: Store, front: Front, server: &[&str], gateway: &[&str]) -> Self {
        Self::run(Database::new(store).await, front, server, gateway)
    }

    /// The service on a database that the test looks after.
    pub(crate) fn on(database_url: &str, flags: &[&str]) -> Self {
        Self::run(Database::Given(database_url.to_owned()), Front::Combined, flags, &[])
    }

    fn run(database: Database, front: Front, flags: &[&str], of_gateway: &[&str]) -> Self {
        let server = serve(&database.url(), &[database.flags(), flags].concat());
        let gateway = (front == Front::Alone).then(|| {
            let grpc = server.address("grpc").to_string();
            let addresses = ["--grpc-addr", &grpc, "--http-addr", "127.0.0.1:0"];
            Process::start(&[&["gateway", "--lame-duck", "0s"], &addresses[..], of_gateway].concat())
        });
        Self { server, gateway, database }
    }

    /// Another server on the same database.
    pub(crate) fn another(&self, flags: &[&str]) -> Process {
        serve(&self.database_url(), &[self.database.flags(), flags].concat())
    }

    /// The URL of the database.
    pub(crate) fn database_url(&self) -> String {
        self.database.url()
    }

    /// A gRPC client with a connection of its own.
    pub(crate) async fn grpc(&self) -> Client {
        connect(self.server.address("grpc")).await
    }

    /// Kills the server, as a crash would.
    pub(crate) fn kill_server(&mut self) {
        self.server.kill();
    }

    /// Waits for a server that was asked to stop.
    pub(crate) fn stop_server(&mut self) -> ExitStatus {
        self.server.wait()
    }

    /// A REST client.
    pub(crate) fn rest(&self) -> Rest {
        Rest::new(self.gateway.as_ref().unwrap_or(&self.server).address("http"))
    }

    /// Stores a document under an id, which the document need not hold.
    pub(crate) async fn create(&self, id: &str, document: &str) {
        let request = CreateChannelSessionRequest {
            channel_session_id: id.to_owned(),
            document_json: Some(document.to_owned()),
            ..Default::default()
        };
        self.grpc()
            .await
            .create_channel_session(request)
            .await
            .unwrap_or_else(|error| panic!("{id}: {error}"));
    }
}

/// A gRPC client of an address.
pub(crate) async fn connect(address: SocketAddr) -> Client {
    ChannelSessionServiceClient::new(channel(address).await).max_decoding_message_size(usize::MAX)
}

/// A gRPC client of an address where nobody may listen right now. It connects whenever it has to.
pub(crate) fn connect_lazily(address: SocketAddr) -> Client {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    ChannelSessionServiceClient::new(endpoint.connect_lazy()).max_decoding_message_size(usize::MAX)
}

/// A connection to a gRPC address.
pub(crate) async fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

fn serve(database_url: &str, flags: &[&str]) -> Process {
    let usual = ["serve", "--sample", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let stop = ["--lame-duck", "0s", "--database-url", database_url];
    Process::start(&[&usual[..], &stop, flags].concat())
}

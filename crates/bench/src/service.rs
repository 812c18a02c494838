//! A process of the service on a PostgreSQL with stock settings, and the sessions that it is measured with.

use std::process::Stdio;

use channel_session_api::v1::channel_session_service_client::ChannelSessionServiceClient;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store_testkit::{
    postgres::{Cluster, Options},
    seed,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use tonic::transport::{Channel, Endpoint};

/// The argument that makes this program the service.
pub(crate) const AS_SERVICE: &str = "as-service";

/// Stock settings, apart from memory: commits are durable, as in production.
const SETTINGS: [&str; 5] =
    ["fsync=on", "full_page_writes=on", "synchronous_commit=on", "shared_buffers=1GB", "max_wal_size=4GB"];

pub(crate) struct Service {
    process: Child,
    address: String,
    cluster: Cluster,
}

impl Service {
    /// Starts a cluster and the service on it.
    pub(crate) async fn start() -> Self {
        let settings = SETTINGS.map(str::to_owned).to_vec();
        let cluster = Cluster::start(Options { settings, ..Options::default() }).await;
        let url = cluster.url("postgres");
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([AS_SERVICE, "serve", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"])
            .args(["--database-url", &url, "--log-format", "json", "--log-level", "warn,server=info"])
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next_line().await.unwrap().expect("the service has started");
            if let Some((_, rest)) = line.split_once("\"grpc\":\"") {
                break rest.split('"').next().unwrap_or_default().to_owned();
            }
        };
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                println!("{line}");
            }
        });
        Self { process, address, cluster }
    }

    /// A client with a connection of its own.
    pub(crate) async fn client(&self) -> ChannelSessionServiceClient<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        ChannelSessionServiceClient::new(endpoint.connect().await.unwrap())
    }

    /// A connection to the database.
    pub(crate) async fn database(&self) -> PgConnection {
        PgConnection::connect(&self.cluster.url("postgres")).await.unwrap()
    }

    /// Makes the documented session this many, `session-0` and on, ten to a conversation, straight in the database.
    pub(crate) async fn fill(&self, from: usize, to: usize) {
        let statement = format!(
            "INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type,
                                          active, ended_at)
             SELECT 'default', id, 1,
                    jsonb_set($1::jsonb, '{{customer,_id}}', to_jsonb(customer))
                        || jsonb_build_object('id', id, 'conversationId', conversation, 'isActive', active,
                                              'active', active),
                    conversation, customer, 'WEB', active, CASE WHEN NOT active THEN 1 END
             FROM (SELECT number, 'session-' || number AS id, 'conversation-' || number / 10 AS conversation,
                          'customer-' || number / 5 AS customer,
                          number % 10 = 0 OR number < {ACTIVE} AS active
                   FROM generate_series({from}, {to} - 1) AS number) AS numbered"
        );
        let mut database = self.database().await;
        sqlx::query(AssertSqlSafe(statement))
            .bind(seed::CHANNEL_SESSION)
            .execute(&mut database)
            .await
            .unwrap();
        for statement in ["VACUUM ANALYZE channel_session", "CHECKPOINT"] {
            sqlx::raw_sql(statement).execute(&mut database).await.unwrap();
        }
    }

    /// The process's resident memory, and the highest that it ever was, in MB.
    pub(crate) fn memory(&self) -> [f64; 2] {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id().unwrap())).unwrap();
        ["VmRSS:", "VmHWM:"].map(|name| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
        })
    }
}

/// So many of the first sessions are active; of the others, one in ten.
pub(crate) const ACTIVE: usize = 20_000;

//! Updates by some callers, without watchers and with them, in turn.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use channel_session_api::v1::{
    Attribute, ChannelSessionView, UpdateDataRequest, WatchChannelSessionsRequest,
    channel_session_service_client::ChannelSessionServiceClient,
};
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::{median::median, service::Service};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many watchers there are
    #[arg(long, default_value_t = 1000)]
    watchers: usize,
    /// How many of them never read what they are told; half of these watch all sessions
    #[arg(long, default_value_t = 100)]
    never_reading: usize,
    /// How many sessions are updated; each other watcher watches one of them, or one of their conversations
    #[arg(long, default_value_t = 20_000)]
    sessions: usize,
    /// How many callers update them
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// How often each side is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each time, in seconds
    #[arg(long, default_value_t = 6)]
    seconds: u64,
}

/// Streams that one connection may have open: the service allows 200.
const STREAMS: usize = 150;

/// Connections that the callers share.
const CONNECTIONS: usize = 4;

pub(crate) async fn run(args: Args) {
    let service = Service::start().await;
    service.fill(0, args.sessions).await;
    println!("{args:?}");
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(service.client().await);
    }
    let callers = Callers { clients, sessions: args.sessions, callers: args.callers };
    callers.update(Duration::from_secs(args.seconds)).await;
    println!("memory without a watcher: {:.0} MB", service.memory()[0]);

    let (mut without, mut with, mut told_of) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        without.push(callers.update(Duration::from_secs(args.seconds)).await);
        let watchers = Watchers::begin(&service, &args).await;
        let told = watchers.told.load(Ordering::Relaxed);
        let start = Instant::now();
        with.push(callers.update(Duration::from_secs(args.seconds)).await);
        let told = (watchers.told.load(Ordering::Relaxed) - told) as f64 / start.elapsed().as_secs_f64();
        told_of.push(told);
        let [now, most] = service.memory();
        println!(
            "round {round}: {:.0} updates/s without, {:.0} with; {told:.0} events/s told; memory {now:.0} MB, at most {most:.0} MB",
            without[round - 1],
            with[round - 1]
        );
        drop(watchers);
    }
    let ratio = median(without.iter().zip(&with).map(|(without, with)| with / without).collect());
    println!(
        "medians: {:.0} updates/s without watchers, {:.0} with {}; ratio {ratio:.3}; {:.0} events/s told",
        median(without),
        median(with),
        args.watchers,
        median(told_of)
    );
}

struct Callers {
    clients: Vec<ChannelSessionServiceClient<Channel>>,
    sessions: usize,
    callers: usize,
}

impl Callers {
    /// Has the callers update sessions, each as fast as it is answered, and returns how many updates a second that was.
    async fn update(&self, time: Duration) -> f64 {
        let done = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let start = Instant::now();
        for caller in 0..self.callers {
            let (mut client, done) = (self.clients[caller % self.clients.len()].clone(), done.clone());
            let sessions = self.sessions;
            tasks.spawn(async move {
                // A full cycle through the sessions, each caller from another place.
                let mut next = caller * 7919;
                let mut count = 0;
                while !done.load(Ordering::Relaxed) {
                    next += 104_729;
                    let attribute = Attribute {
                        key: "info".to_owned(),
                        r#type: "Number".to_owned(),
                        value_json: Some(next.to_string()),
                        ..Attribute::default()
                    };
                    let request = UpdateDataRequest {
                        channel_session_id: format!("session-{}", next % sessions),
                        attributes: vec![attribute],
                        view: ChannelSessionView::Json.into(),
                        ..UpdateDataRequest::default()
                    };
                    client.update_data(request).await.unwrap();
                    count += 1;
                }
                count
            });
        }
        tokio::time::sleep(time).await;
        done.store(true, Ordering::Relaxed);
        let counts: Vec<i64> = tasks.join_all().await;
        counts.iter().sum::<i64>() as f64 / start.elapsed().as_secs_f64()
    }
}

/// Dropped, they end.
struct Watchers {
    told: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Watchers {
    async fn begin(service: &Service, args: &Args) -> Self {
        let told = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let mut client = service.client().await;
        for watcher in 0..args.watchers {
            if watcher % STREAMS == 0 {
                client = service.client().await;
            }
            let mut request = WatchChannelSessionsRequest::default();
            let reads = watcher >= args.never_reading;
            if reads && watcher % 10 == 0 {
                request.conversation_id = format!("conversation-{}", watcher % args.sessions / 10);
            } else if reads || watcher % 2 == 0 {
                request.channel_session_id = format!("session-{}", watcher * args.sessions / args.watchers);
            }
            let mut stream = client.watch_channel_sessions(request).await.unwrap().into_inner();
            let told = told.clone();
            tasks.spawn(async move {
                if !reads {
                    // Keeps the stream, and takes nothing of it.
                    let _stream = stream;
                    return std::future::pending().await;
                }
                while let Ok(Some(response)) = stream.message().await {
                    told.fetch_add(usize::from(response.event.is_some()), Ordering::Relaxed);
                }
            });
        }
        Self { told, _tasks: tasks }
    }
}

//! Updates by some callers, without watchers and with them, in turn.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use channel_session_api::v1::WatchChannelSessionsRequest;
use tokio::task::JoinSet;

use crate::{
    Failure,
    load::{
        self,
        grpc::{self, View},
    },
    median::median,
    postgres, proc,
    process::Process,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many watchers there are
    #[arg(long, default_value_t = 1000)]
    watchers: u32,
    /// How many of them never read what is sent to them; half of these watch all sessions
    #[arg(long, default_value_t = 100)]
    never_reading: u32,
    /// How many sessions are updated; each other watcher watches one of them, or one of their conversations
    #[arg(long, default_value_t = 20_000)]
    sessions: u32,
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
const STREAMS: u32 = 150;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let server = postgres::Server::start(0).await?;
    let database = server.create("few").await?;
    let serve = Process::serve(database.url()).await?;
    database.fill(0..args.sessions, args.sessions).await?;
    println!("{args:?}");
    let callers = Callers {
        updates: grpc::Updates { address: serve.grpc()?.to_owned(), view: View::Json, secure: None },
        callers: args.callers,
        sessions: args.sessions,
        time: Duration::from_secs(args.seconds),
    };
    callers.update().await?;
    println!("memory without a watcher: {:.0} MB", proc::memory(serve.id())?.now);

    let (mut without, mut with, mut delivered_in) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        without.push(callers.update().await?);
        let watchers = Watchers::begin(serve.grpc()?, &args).await?;
        let delivered = watchers.delivered.load(Ordering::Relaxed);
        let start = Instant::now();
        with.push(callers.update().await?);
        let delivered =
            (watchers.delivered.load(Ordering::Relaxed) - delivered) as f64 / start.elapsed().as_secs_f64();
        delivered_in.push(delivered);
        let memory = proc::memory(serve.id())?;
        println!(
            "round {round}: {:.0} updates/s without, {:.0} with; {delivered:.0} events/s delivered; \
             memory {:.0} MB, at most {:.0} MB",
            without[round - 1],
            with[round - 1],
            memory.now,
            memory.peak
        );
    }
    let ratios = without.iter().zip(&with).map(|(without, with)| with / without);
    println!(
        "medians: {:.0} updates/s without watchers, {:.0} with {}; ratio {:.3}; {:.0} events/s delivered",
        median(without.iter().copied()).unwrap_or(f64::NAN),
        median(with.iter().copied()).unwrap_or(f64::NAN),
        args.watchers,
        median(ratios).unwrap_or(f64::NAN),
        median(delivered_in).unwrap_or(f64::NAN)
    );
    Ok(())
}

struct Callers {
    updates: grpc::Updates,
    callers: usize,
    sessions: u32,
    time: Duration,
}

impl Callers {
    /// Has the callers update sessions, and returns how many updates a second that was.
    async fn update(&self) -> Result<f64, Failure> {
        load::start(&self.updates, self.callers, 0..self.sessions).await?.rate(self.time).await
    }
}

/// Dropped, they end.
struct Watchers {
    delivered: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Watchers {
    async fn begin(address: &str, args: &Args) -> Result<Self, Failure> {
        let delivered = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let mut client = grpc::connect(address).await?;
        for watcher in 0..args.watchers {
            if watcher % STREAMS == 0 {
                client = grpc::connect(address).await?;
            }
            let mut request = WatchChannelSessionsRequest::default();
            let reads = watcher >= args.never_reading;
            if reads && watcher % 10 == 0 {
                request.conversation_id = format!("conversation-{}", watcher % args.sessions / 10);
            } else if reads || watcher % 2 == 0 {
                let session = u64::from(watcher) * u64::from(args.sessions) / u64::from(args.watchers);
                request.channel_session_id = format!("session-{session}");
            }
            let mut stream = client.watch_channel_sessions(request).await?.into_inner();
            let delivered = delivered.clone();
            tasks.spawn(async move {
                if !reads {
                    // Keeps the stream, and takes nothing of it.
                    let _stream = stream;
                    return std::future::pending().await;
                }
                while let Ok(Some(response)) = stream.message().await {
                    delivered.fetch_add(usize::from(response.event.is_some()), Ordering::Relaxed);
                }
            });
        }
        Ok(Self { delivered, _tasks: tasks })
    }
}

//! Load on the service: callers, each of which makes its next call as soon as the last one is answered.

pub(crate) mod grpc;
pub(crate) mod rest;
pub(crate) mod update;

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{runtime, sync::oneshot, task::JoinSet, time::sleep};

use crate::{
    Failure,
    calls::{Call, Moment, Window},
};
use update::Token;

/// How long a load is under way before it counts: connections are opened, plans made and pages read in the meantime.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// Threads that callers are spread over, each with connections of its own: one for each two CPUs, since the service and
/// its database need the rest.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |cpus| cpus.get().div_ceil(2))
}

/// One of many callers.
pub(crate) trait Caller: Send + 'static {
    /// Makes a call about a session, `session-0` and on, and returns the revision that it was answered with. An update
    /// writes the token into the session.
    fn call(&mut self, session: u32, token: Token) -> impl Future<Output = Result<i64, Failure>> + Send;
}

/// What is called, and how.
pub(crate) trait Target: Clone + Send + 'static {
    type Caller: Caller;

    /// Threads that the callers may be spread over.
    fn threads(&self) -> usize {
        threads()
    }

    /// How long a caller waits between an answer and its next call.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    /// Makes the callers of one thread.
    fn connect(&self, callers: usize) -> impl Future<Output = Result<Vec<Self::Caller>, Failure>>;
}

/// An update that the service has acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Acknowledged {
    pub(crate) session: u32,
    pub(crate) revision: i64,
    pub(crate) token: Token,
}

/// What came of a load, from its first call to its last.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) calls: Vec<Call>,
    /// What the calls were answered. Nothing where that is not known.
    pub(crate) acknowledged: Vec<Acknowledged>,
}

impl Load {
    fn add(&mut self, other: Self) {
        self.calls.extend(other.calls);
        self.acknowledged.extend(other.acknowledged);
    }
}

/// A load that is under way. Dropped, it ends.
pub(crate) struct Running {
    done: Arc<AtomicBool>,
    threads: Vec<oneshot::Receiver<Result<Load, Failure>>>,
}

/// Begins a load of so many callers, each on random ones of the sessions, and returns when it is warm.
pub(crate) async fn start(
    target: &impl Target,
    callers: usize,
    sessions: Range<u32>,
) -> Result<Running, Failure> {
    let done = Arc::new(AtomicBool::new(false));
    let threads = target.threads().min(callers);
    let mut running = Running { done: done.clone(), threads: Vec::new() };
    let mut connected = Vec::new();
    for number in 0..threads {
        let (ready, is_ready) = oneshot::channel();
        let (result, loaded) = oneshot::channel();
        let share = callers / threads + usize::from(number < callers % threads);
        let (target, sessions, done) = (target.clone(), sessions.clone(), done.clone());
        thread::Builder::new().name("load".to_owned()).spawn(move || {
            let load = thread(&target, share, sessions, &done, ready);
            // One failed call ends the load.
            done.fetch_or(load.is_err(), Ordering::Relaxed);
            // Nobody waits for it where the measurement was interrupted.
            let _ = result.send(load);
        })?;
        connected.push(is_ready);
        running.threads.push(loaded);
    }
    for is_ready in connected {
        if is_ready.await.is_err() {
            return Err(running.finish().await.err().unwrap_or_else(|| "a thread of load has ended".into()));
        }
    }
    sleep(WARM_UP).await;
    Ok(running)
}

impl Running {
    /// Lets each caller finish its call, and returns what came of all calls; fails if one of them has failed.
    pub(crate) async fn finish(mut self) -> Result<Load, Failure> {
        self.done.store(true, Ordering::Relaxed);
        let mut load = Load::default();
        for thread in std::mem::take(&mut self.threads) {
            load.add(thread.await??);
        }
        Ok(load)
    }

    /// Goes on for so long, finishes, and returns the calls per second.
    pub(crate) async fn rate(self, time: Duration) -> Result<f64, Failure> {
        let from = Moment::now();
        sleep(time).await;
        let window = Window { from, to: Moment::now() };
        let load = self.finish().await?;
        Ok(window.calls(&load.calls).count() as f64 / window.seconds())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
    }
}

/// Runs a thread's share of the callers, until the load is done. One thread for all that they need: a call that is
/// answered wakes nobody up elsewhere.
fn thread(
    target: &impl Target,
    callers: usize,
    sessions: Range<u32>,
    done: &Arc<AtomicBool>,
    ready: oneshot::Sender<()>,
) -> Result<Load, Failure> {
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let callers = target.connect(callers).await?;
        // Who waits for it may have been interrupted.
        let _ = ready.send(());
        let mut tasks = JoinSet::new();
        for caller in callers {
            tasks.spawn(call(caller, target.pause(), sessions.clone(), done.clone()));
        }
        let mut load = Load::default();
        while let Some(called) = tasks.join_next().await {
            load.add(called??);
        }
        Ok(load)
    })
}

async fn call(
    mut caller: impl Caller,
    pause: Duration,
    sessions: Range<u32>,
    done: Arc<AtomicBool>,
) -> Result<Load, Failure> {
    let mut random = fastrand::Rng::new();
    let mut load = Load::default();
    while !done.load(Ordering::Relaxed) {
        if !pause.is_zero() {
            sleep(pause).await;
        }
        let (session, token) = (random.u32(sessions.clone()), Token::next());
        let start = Instant::now();
        let revision = caller.call(session, token).await?;
        load.calls.push(Call::answered(start.elapsed()));
        load.acknowledged.push(Acknowledged { session, revision, token });
    }
    Ok(load)
}

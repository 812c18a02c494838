//! Connections to the database, and the bounds on every use of them.
//!
//! A peer that is gone without a word, such as a host that lost its power or a NAT that forgot, answers nothing and closes
//! nothing. So each statement has a limit of our own, after which its connection is closed and nobody waits any longer. The
//! server has a sooner one, so that a database which is merely slow says itself that it did nothing.
//!
//! A connection goes back to where it came from only if its last statement came to an end. Whoever drops a call half-way,
//! or is refused by a server that has become a standby, leaves no connection behind for the next caller.

mod lease;

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use batcher::LockWait;
use domain::{Error, Outcome};
use sqlx::{Connection, PgConnection};
use telemetry::{Signal, signal};
use tokio::{sync::Semaphore, time::timeout};

pub(crate) use lease::Lease;

use crate::{
    engine::{self, Engine},
    epoch::Epoch,
    error,
    reachability::Reachability,
    target::Target,
};

/// How long a connection may have been idle before it is asked whether it is still there: a round trip more for those,
/// and none for the connections of a busy service.
const IDLE_BEFORE_PING: Duration = Duration::from_secs(1);

/// How long a connection may take to say so.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// How old a connection gets. Without an end, none would ever move to another server behind the same name.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);

/// How long a connection stays open that nobody uses.
const MAX_IDLE: Duration = Duration::from_secs(5 * 60);

/// How much of a statement's limit the server has for it: what is left is for its answer to arrive.
const SERVER_SHARE: f64 = 0.8;

/// How long a batch waits for a row that somebody else has locked, together with all that is in it: longer than another
/// instance takes for a commit.
const SHORT_LOCK_WAIT: Duration = Duration::from_millis(10);

/// How long a session waits that was found locked before.
const LONG_LOCK_WAIT: Duration = Duration::from_millis(250);

/// Statements here take arrays, whose lengths say nothing about the plan: each is planned once for a connection. Left to
/// itself the server would plan again for every short batch, which takes longer than doing it; and what it compiles
/// takes longer than it runs.
const GENERIC_PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off";

/// So that a server keeps no row locked for a service that is gone without a word.
const KEEPALIVE: &str =
    "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
                         SET tcp_user_timeout = '30s'";

/// How connections are used.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// What they are for, by which signals know them.
    pub(crate) pool: &'static str,
    /// How many connections there are at most.
    pub(crate) max: u32,
    /// How long one of them is waited for while others hold all of them.
    pub(crate) acquire: Duration,
    /// How long a statement may take.
    pub(crate) statement: Duration,
    /// Whether the database has [row-level security](crate::row_security), so that each statement says whose rows it is about.
    pub(crate) row_level_security: bool,
}

/// A bounded number of connections. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    target: Target,
    limits: Limits,
    epoch: Epoch,
    reachability: Reachability,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    /// How often connections were found not to be trusted. Those of an earlier time are not used again.
    generation: AtomicU64,
}

#[derive(Debug)]
struct Idle {
    connection: PgConnection,
    engine: Engine,
    generation: u64,
    lock_wait: Option<LockWait>,
    made: Instant,
    used: Instant,
}

impl Connections {
    pub(crate) fn new(target: Target, limits: Limits, epoch: Epoch, reachability: Reachability) -> Self {
        let permits = Arc::new(Semaphore::new(limits.max as usize));
        let (idle, generation) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Shared { target, limits, epoch, reachability, permits, idle, generation }))
    }

    /// How many there are at most.
    pub(crate) fn max(&self) -> u32 {
        self.0.limits.max
    }

    /// Whether statements have to say whose rows they are about.
    pub(crate) fn is_guarded(&self) -> bool {
        self.0.limits.row_level_security
    }

    /// A connection, as soon as there is one.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if others hold all of them for too long, [`Error::StoreUnavailable`] if none can be made.
    pub(crate) async fn get(&self) -> Result<Lease, Error> {
        let unavailable = |error: sqlx::Error| error::unavailable(error, Outcome::NotApplied);
        self.0.reachability.check().map_err(unavailable)?;
        let since = Instant::now();
        let permit = timeout(self.0.limits.acquire, self.0.permits.clone().acquire_owned()).await;
        let (pool, took, is_ok) = (self.0.limits.pool, since.elapsed(), permit.is_ok());
        signal(Signal::ConnectionWait { pool, took, is_ok });
        let permit =
            permit.map_err(|_| Error::Overloaded)?.map_err(|_| unavailable(sqlx::Error::PoolClosed))?;
        let idle = match self.sound().await {
            Some(idle) => idle,
            None => self.connect().await.inspect_err(|error| self.doubt(error)).map_err(unavailable)?,
        };
        self.report_use(0);
        Ok(Lease { idle: Some(idle), is_sound: true, from: self.clone(), _permit: permit })
    }

    /// Says how many are in use, but for some that are about to be given back.
    fn report_use(&self, leaving: usize) {
        let max = self.0.limits.max as usize;
        let used = max.saturating_sub(self.0.permits.available_permits() + leaving);
        signal(Signal::ConnectionsInUse { pool: self.0.limits.pool, used, max });
    }

    /// An idle connection that is still good, the one that was used last.
    async fn sound(&self) -> Option<Idle> {
        loop {
            let mut idle = self.lock().pop()?;
            let rested = idle.used.elapsed();
            if idle.made.elapsed() > MAX_AGE || rested > MAX_IDLE {
                continue;
            }
            if rested < IDLE_BEFORE_PING {
                return Some(idle);
            }
            let Err(error) = bounded(PING_LIMIT, idle.connection.ping()).await else { return Some(idle) };
            // The others have rested for longer, and went the same way.
            self.distrust();
            self.doubt(&error);
        }
    }

    async fn connect(&self) -> Result<Idle, sqlx::Error> {
        let generation = self.generation();
        let mut connection = self.0.target.connect().await?;
        let server_limit = self.0.limits.statement.mul_f64(SERVER_SHARE).as_millis();
        let settings = format!(
            "{GENERIC_PLANS}; {KEEPALIVE}; SET statement_timeout = {server_limit}; {}{}",
            self.in_transactions(),
            engine::ASK
        );
        let engine = bounded(self.0.limits.statement, async {
            let answer = sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).fetch_all(&mut connection).await?;
            Engine::of(&mut connection, &answer).await
        });
        let engine = engine.await?;
        let now = Instant::now();
        Ok(Idle { connection, engine, generation, lock_wait: None, made: now, used: now })
    }

    /// What is set where statements have transactions of their own, so that a service which stops in the middle of one, as a
    /// machine that is paused does, keeps no row locked for longer than a statement may take.
    fn in_transactions(&self) -> String {
        if !self.is_guarded() {
            return String::new();
        }
        let limit = self.0.limits.statement.as_millis();
        format!("SET idle_in_transaction_session_timeout = {limit}; ")
    }

    /// Lets go of all connections, of those in use when they come back: what was found out about one of them holds for all.
    pub(crate) fn distrust(&self) {
        self.0.generation.fetch_add(1, Ordering::Relaxed);
        self.lock().clear();
    }

    fn doubt(&self, error: &sqlx::Error) {
        self.0.reachability.doubt(&self.0.target, error);
    }

    fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Relaxed)
    }

    /// Closes them all, once they are not in use any more.
    pub(crate) async fn close(&self) {
        let _all = self.0.permits.acquire_many(self.0.limits.max).await;
        self.0.permits.close();
        self.0.reachability.close();
        let all = std::mem::take(&mut *self.lock());
        for idle in all {
            // A farewell. Whoever does not take it notices that the connection is gone.
            let _ = bounded(PING_LIMIT, idle.connection.close()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits so long for what a peer is asked to do.
pub(crate) async fn bounded<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        let what = format!("the database did not answer within {} ms", limit.as_millis());
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, what)))
    })
}

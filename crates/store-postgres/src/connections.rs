//! Connections to the database, and those that are kept at hand between calls.
//!
//! The pool asks a connection for a sign of life whenever it gets it back, which is a round trip for each call. So a
//! connection whose last statement has gone well is kept here, and goes back to the pool only now and then, for the pool to
//! replace it when it has grown old.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{Error, Outcome};
use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error;

/// How long a connection may have been idle before it is asked for a sign of life: a round trip more for those, and
/// none for the connections of a busy service.
pub(crate) const IDLE_BEFORE_PING: Duration = Duration::from_secs(1);

/// How long a connection stays away from the pool.
const MAX_KEPT: Duration = Duration::from_secs(60);

/// A bounded number of connections. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    pool: PgPool,
    /// One for each connection that the pool makes at most: whoever has a place finds a connection at hand, or the pool has
    /// one or can make one.
    places: Arc<Semaphore>,
    at_hand: Arc<Mutex<Vec<Kept>>>,
}

#[derive(Debug)]
struct Kept {
    connection: PoolConnection<Postgres>,
    /// When it came from the pool.
    since: Instant,
    /// When it was last used.
    used: Instant,
}

/// A connection in use. One that is dropped goes back to the pool, which sees whether it is still good for anything.
pub(crate) struct Lease {
    kept: Kept,
    from: Connections,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    pub(crate) fn new(pool: PgPool) -> Self {
        let places = Arc::new(Semaphore::new(pool.options().get_max_connections() as usize));
        Self { pool, places, at_hand: Arc::default() }
    }

    /// A connection, as soon as there is one.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if others hold all of them for too long, [`Error::StoreUnavailable`] if none can be made.
    pub(crate) async fn get(&self) -> Result<Lease, Error> {
        let patience = self.pool.options().get_acquire_timeout();
        let unavailable = |error: sqlx::Error| error::unavailable(error, Outcome::NotApplied);
        let place = timeout(patience, self.places.clone().acquire_owned()).await;
        let place =
            place.map_err(|_| Error::Overloaded)?.map_err(|_| unavailable(sqlx::Error::PoolClosed))?;
        let at_hand = self.lock().pop().filter(|kept| kept.used.elapsed() < IDLE_BEFORE_PING);
        let kept = match at_hand {
            Some(kept) => kept,
            None => {
                let connection = self.pool.acquire().await.map_err(unavailable)?;
                Kept { connection, since: Instant::now(), used: Instant::now() }
            }
        };
        Ok(Lease { kept, from: self.clone(), _place: place })
    }

    /// Closes them all, once they are not in use any more.
    pub(crate) async fn close(&self) {
        self.places.close();
        self.lock().clear();
        self.pool.close().await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Keeps the connection at hand for the next call. Its last statement has to have gone well.
    pub(crate) fn keep(mut self) {
        let mut at_hand = self.from.lock();
        if self.kept.since.elapsed() < MAX_KEPT && !self.from.places.is_closed() {
            self.kept.used = Instant::now();
            at_hand.push(self.kept);
        }
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.kept.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.kept.connection
    }
}

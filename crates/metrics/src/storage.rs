//! Batches, statements and connections.

use std::time::Duration;

use telemetry::Statement;

use crate::{
    label::label,
    names::{self, attribute},
    registered::{Counters, Gauges, Histograms, Registered},
};

#[derive(Debug)]
pub(crate) struct Storage {
    system: &'static str,
    statements: Histograms<3>,
    connection_wait: Histograms<1>,
    connection_timeouts: Counters<1>,
    connections_used: Gauges<2>,
    connections_max: Gauges<1>,
    batch_size: Histograms<1>,
    batch_wait: Histograms<1>,
    batch_duration: Histograms<1>,
    queue: Gauges<1>,
    lost_races: Counters<0>,
    session_cache: Counters<1>,
    replays: Counters<0>,
}

impl Storage {
    /// Of a database such as `postgresql`.
    pub(crate) fn new(registered: &mut Registered, system: &'static str) -> Self {
        Self {
            system,
            statements: registered.seconds(names::STATEMENT_DURATION),
            connection_wait: registered.seconds(names::CONNECTION_WAIT),
            connection_timeouts: registered.counters(names::CONNECTION_TIMEOUTS),
            connections_used: registered.gauges(names::CONNECTIONS_USED),
            connections_max: registered.gauges(names::CONNECTIONS_MAX),
            batch_size: registered.items(names::BATCH_SIZE),
            batch_wait: registered.seconds(names::BATCH_WAIT),
            batch_duration: registered.seconds(names::BATCH_DURATION),
            queue: registered.gauges(names::QUEUE),
            lost_races: registered.counters(names::LOST_RACES),
            session_cache: registered.counters(names::SESSION_CACHE),
            replays: registered.counters(names::REPLAYS),
        }
    }

    pub(crate) fn statement(&self, statement: Statement, took: Duration, is_ok: bool) {
        let labels = [
            label(attribute::DB_OPERATION, statement.as_str()),
            label(attribute::DB_SYSTEM, self.system),
            label(attribute::ERROR_TYPE, if is_ok { "" } else { attribute::OTHER }),
        ];
        self.statements.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn connection_wait(&self, pool: &'static str, took: Duration, is_ok: bool) {
        let labels = [label(attribute::POOL, pool)];
        self.connection_wait.get_or_create(&labels).observe(took.as_secs_f64());
        self.connection_timeouts.get_or_create(&labels).inc_by((!is_ok).into());
    }

    pub(crate) fn connections(&self, pool: &'static str, used: usize, max: usize) {
        let pool = [label(attribute::POOL, pool)];
        self.connections_max.get_or_create(&pool).set(whole(max));
        let [pool] = pool;
        self.connections_used.get_or_create(&[pool, label(attribute::POOL_STATE, "used")]).set(whole(used));
    }

    pub(crate) fn batch(&self, of: &'static str, size: usize, waited: Duration, took: Duration) {
        let of = [label(attribute::OF, of)];
        #[expect(clippy::cast_precision_loss, reason = "batches are bounded")]
        self.batch_size.get_or_create(&of).observe(size as f64);
        self.batch_wait.get_or_create(&of).observe(waited.as_secs_f64());
        self.batch_duration.get_or_create(&of).observe(took.as_secs_f64());
    }

    pub(crate) fn queue(&self, of: &'static str, waiting: usize) {
        self.queue.get_or_create(&[label(attribute::OF, of)]).set(whole(waiting));
    }

    pub(crate) fn lost_races(&self, sessions: usize) {
        self.lost_races.get_or_create(&[]).inc_by(count(sessions));
    }

    pub(crate) fn session_cache(&self, hits: usize, misses: usize) {
        for (result, sessions) in [("hit", hits), ("miss", misses)] {
            self.session_cache.get_or_create(&[label(attribute::RESULT, result)]).inc_by(count(sessions));
        }
    }

    pub(crate) fn replays(&self, commands: usize) {
        self.replays.get_or_create(&[]).inc_by(count(commands));
    }
}

pub(crate) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

pub(crate) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

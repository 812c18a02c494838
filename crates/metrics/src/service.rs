//! What the service does beside calls: watches, retention, files that are read again, the log.

use std::time::Duration;

use crate::{
    label::label,
    names::{self, attribute},
    registered::{Counters, Gauges, Histograms, Registered},
    storage::count,
};

#[derive(Debug)]
pub(crate) struct Service {
    watchers: Gauges<0>,
    event_lag: Histograms<0>,
    positions_refused: Counters<1>,
    retention: Counters<1>,
    certificate_expiry: Gauges<1>,
    reloads: Counters<2>,
    files_wrong: Gauges<1>,
    ready: Gauges<0>,
    dropped_log_lines: Counters<0>,
}

impl Service {
    pub(crate) fn new(registered: &mut Registered) -> Self {
        Self {
            watchers: registered.gauges(names::WATCHERS),
            event_lag: registered.seconds(names::EVENT_LAG),
            positions_refused: registered.counters_of(
                names::POSITIONS_REFUSED,
                attribute::REASON,
                &["expired", "unknown"],
            ),
            retention: registered.counters_of(
                names::RETENTION,
                attribute::OF,
                &["events", "idempotency_records", "sessions"],
            ),
            certificate_expiry: registered.gauges(names::CERTIFICATE_EXPIRY),
            reloads: registered.counters(names::RELOADS),
            files_wrong: registered.gauges(names::FILES_WRONG),
            ready: registered.metric(names::READY, Gauges::default()),
            dropped_log_lines: registered.counters(names::DROPPED_LOG_LINES),
        }
    }

    pub(crate) fn watchers(&self, more: i64) {
        self.watchers.get_or_create(&[]).inc_by(more);
    }

    pub(crate) fn event_lag(&self, lag: Duration) {
        self.event_lag.get_or_create(&[]).observe(lag.as_secs_f64());
    }

    pub(crate) fn position_refused(&self, reason: &'static str) {
        self.positions_refused.get_or_create(&[label(attribute::REASON, reason)]).inc();
    }

    pub(crate) fn deleted(&self, of: &'static str, rows: usize) {
        self.retention.get_or_create(&[label(attribute::OF, of)]).inc_by(count(rows));
    }

    pub(crate) fn followed(&self, files: &'static str, are_wrong: bool) {
        for is_ok in [true, false] {
            self.reloads(files, is_ok, 0);
        }
        self.files_wrong.get_or_create(&[label(attribute::FILES, files)]).set(are_wrong.into());
    }

    pub(crate) fn certificate(&self, of: &'static str, expires: i64) {
        self.certificate_expiry.get_or_create(&[label(attribute::CERTIFICATE, of)]).set(expires);
    }

    pub(crate) fn reload(&self, files: &'static str, is_ok: bool) {
        self.reloads(files, is_ok, 1);
    }

    fn reloads(&self, files: &'static str, is_ok: bool, more: u64) {
        let result = if is_ok { "taken" } else { "wrong" };
        let labels = [label(attribute::FILES, files), label(attribute::RESULT, result)];
        self.reloads.get_or_create(&labels).inc_by(more);
    }

    pub(crate) fn ready(&self, is_ready: bool) {
        self.ready.get_or_create(&[]).set(is_ready.into());
    }

    pub(crate) fn dropped_log_lines(&self, lines: u64) {
        self.dropped_log_lines.get_or_create(&[]).inc_by(lines);
    }
}

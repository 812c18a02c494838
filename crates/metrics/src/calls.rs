//! Calls, by the conventions for RPC and HTTP, and why they are refused.

use std::time::SystemTime;

use prometheus_client::metrics::gauge::Gauge;
use telemetry::call::{Ended, Outcome, Port};

use crate::{
    label::label,
    names::{self, attribute},
    registered::{Counters, Durations, Registered},
};

#[derive(Debug)]
pub(crate) struct Calls {
    rpc_duration: Durations<3>,
    rpc_active: Gauge,
    http_duration: Durations<3>,
    http_active: Gauge,
    unauthenticated: Counters<1>,
    over_quota: Counters<1>,
    unknown_outcomes: Counters<0>,
}

impl Calls {
    pub(crate) fn new(registered: &mut Registered) -> Self {
        Self {
            rpc_duration: registered.traced(names::RPC_DURATION),
            rpc_active: registered.gauge(names::RPC_ACTIVE),
            http_duration: registered.traced(names::HTTP_DURATION),
            http_active: registered.gauge(names::HTTP_ACTIVE),
            unauthenticated: registered.counters_of(
                names::UNAUTHENTICATED,
                attribute::CREDENTIALS,
                &["none", "unknown", "api_key", "client_certificate", "token"],
            ),
            over_quota: registered.counters_of(names::OVER_QUOTA, attribute::QUOTA, &["a second", "at once"]),
            unknown_outcomes: registered.counters(names::UNKNOWN_OUTCOMES),
        }
    }

    pub(crate) fn began(&self, port: Port) {
        self.active(port).inc();
    }

    pub(crate) fn ended(&self, ended: Ended) {
        let Ended { port, method, route, outcome, took, trace_ids, .. } = ended;
        self.active(port).dec();
        let (durations, labels) = match port {
            Port::Grpc => (
                &self.rpc_duration,
                [
                    label(attribute::RPC_METHOD, route.unwrap_or(attribute::OTHER)),
                    label(attribute::RPC_STATUS, outcome.name()),
                    label(attribute::RPC_SYSTEM, "grpc"),
                ],
            ),
            Port::Rest => {
                let status = match outcome {
                    Outcome::Http(status) => status,
                    Outcome::Grpc(_) => 0,
                };
                (
                    &self.http_duration,
                    [
                        label(attribute::HTTP_METHOD, method),
                        label(attribute::HTTP_STATUS, status),
                        // A route that there is not has no name: paths would be without number.
                        label(attribute::HTTP_ROUTE, route.unwrap_or_default()),
                    ],
                )
            }
        };
        let (exemplar, at) = match trace_ids {
            Some((trace, span)) => {
                let ids = [("trace_id", format!("{trace:032x}")), ("span_id", format!("{span:016x}"))];
                (Some(ids), Some(SystemTime::now()))
            }
            None => (None, None),
        };
        durations.get_or_create(&labels).observe(took.as_secs_f64(), exemplar, at);
    }

    pub(crate) fn unauthenticated(&self, credentials: &'static str) {
        self.unauthenticated.get_or_create(&[label(attribute::CREDENTIALS, credentials)]).inc();
    }

    pub(crate) fn over_quota(&self, quota: &'static str) {
        self.over_quota.get_or_create(&[label(attribute::QUOTA, quota)]).inc();
    }

    pub(crate) fn outcome_unknown(&self) {
        self.unknown_outcomes.get_or_create(&[]).inc();
    }

    fn active(&self, port: Port) -> &Gauge {
        match port {
            Port::Grpc => &self.rpc_active,
            Port::Rest => &self.http_active,
        }
    }
}

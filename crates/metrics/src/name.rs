//! The name of a metric, as OpenTelemetry and Prometheus write it.

use prometheus_client::registry;

/// A metric's name, unit and meaning. OpenTelemetry's conventions are where it comes from where they have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// With dots, as OTLP has it.
    pub dotted: &'static str,
    /// In what it is measured.
    pub unit: Unit,
    /// What it says, in a sentence without its full stop.
    pub help: &'static str,
}

/// In what something is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Things that are counted, in braces, as OpenTelemetry writes them.
    Of(&'static str),
}

impl Name {
    pub(crate) const fn new(dotted: &'static str, unit: Unit, help: &'static str) -> Self {
        Self { dotted, unit, help }
    }

    /// With underscores, as Prometheus has it, before the unit that it puts behind it.
    pub(crate) fn stem(&self) -> String {
        self.dotted.replace('.', "_")
    }

    /// Whole, as Prometheus has a family's.
    #[must_use]
    pub fn family(&self) -> String {
        match self.unit.of_registry() {
            Some(unit) => format!("{}_{}", self.stem(), unit.as_str()),
            None => self.stem(),
        }
    }
}

impl Unit {
    /// As OTLP has it (UCUM).
    #[must_use]
    pub fn ucum(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Bytes => "By",
            Self::Of(what) => what,
        }
    }

    pub(crate) fn of_registry(self) -> Option<registry::Unit> {
        match self {
            Self::Seconds => Some(registry::Unit::Seconds),
            Self::Bytes => Some(registry::Unit::Bytes),
            Self::Of(_) => None,
        }
    }
}

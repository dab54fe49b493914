//! What workers outside left in Redis, by what became of it.

use prometheus::{IntCounterVec, Opts};

use super::Registry;

/// What became of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerEntry {
    /// It is on its way.
    Published,
    /// It was published before.
    Duplicate,
    /// It has no field `body`.
    NoBody,
    /// Its body is over the limit of messages.
    TooLarge,
    /// Its body is no event for anyone.
    Invalid,
}

impl WorkerEntry {
    /// The label in metrics.
    fn label(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Duplicate => "duplicate",
            Self::NoBody => "no_body",
            Self::TooLarge => "too_large",
            Self::Invalid => "invalid",
        }
    }
}

/// One counter per outcome.
#[derive(Debug)]
pub struct WorkerFigures(IntCounterVec);

impl WorkerFigures {
    /// Registers the counters.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new("relay_worker_entries_total", "Entries of workers outside, by outcome.");
        let family = IntCounterVec::new(opts, &["outcome"])?;
        registry.register(Box::new(family.clone()))?;
        Ok(Self(family))
    }

    /// Counts one entry.
    pub fn count(&self, outcome: WorkerEntry) {
        self.0.with_label_values(&[outcome.label()]).inc();
    }
}

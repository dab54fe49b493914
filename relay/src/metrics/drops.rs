//! Dropped messages, by reason.

use std::collections::BTreeMap;

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

use super::bus::raise;
use crate::bus::Counters;
use crate::hub::DropReason;

/// One counter per reason.
#[derive(Debug)]
pub struct DropFigures {
    by_reason: Vec<(DropReason, IntCounter)>,
    /// The family, for the reasons of the bus.
    family: IntCounterVec,
}

impl DropFigures {
    /// Registers the counters.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new("relay_messages_dropped_total", "Messages that a connection did not get.");
        let family = IntCounterVec::new(opts, &["reason"])?;
        registry.register(Box::new(family.clone()))?;
        let by_reason =
            DropReason::ALL.iter().map(|reason| (*reason, family.with_label_values(&[reason.label()])));
        Ok(Self { by_reason: by_reason.collect(), family })
    }

    /// Adds to the counter of `reason`.
    pub fn add(&self, reason: DropReason, count: u64) {
        if let Some((_, counter)) = self.by_reason.iter().find(|(known, _)| *known == reason) {
            counter.inc_by(count);
        }
    }

    /// Takes over what the bus dropped.
    pub fn update(&self, bus: &Counters) {
        for (reason, total) in bus.drops() {
            raise(&self.family.with_label_values(&[reason]), total);
        }
    }

    /// All counts by label, with those of the bus.
    pub fn counts(&self, bus: &Counters) -> BTreeMap<String, u64> {
        let ours = self.by_reason.iter().map(|(reason, counter)| (reason.label(), counter.get()));
        ours.chain(bus.drops()).map(|(reason, count)| (reason.to_owned(), count)).collect()
    }
}

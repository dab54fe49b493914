//! Dropped messages, by reason: those of the hub and those of the bus.

use std::collections::BTreeMap;

use prometheus::{IntCounterVec, Opts};

use super::Registry;
use super::raise::raise;
use crate::bus::Counters;
use crate::hub::{Counts, DropReason};

/// One counter per reason.
#[derive(Debug)]
pub struct DropFigures {
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
        Ok(Self { family })
    }

    /// Takes over what was dropped.
    pub fn update(&self, hub: &Counts, bus: &Counters) {
        for (reason, total) in totals(hub, bus) {
            raise(&self.family.with_label_values(&[reason]), total);
        }
    }
}

/// Messages dropped on this node since the start, by reason.
pub fn drops(hub: &Counts, bus: &Counters) -> BTreeMap<String, u64> {
    totals(hub, bus).map(|(reason, total)| (reason.to_owned(), total)).collect()
}

fn totals(hub: &Counts, bus: &Counters) -> impl Iterator<Item = (&'static str, u64)> {
    DropReason::ALL.map(|reason| (reason.label(), hub.total_dropped(reason))).into_iter().chain(bus.drops())
}

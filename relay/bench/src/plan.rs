//! How much of everything is done.

use std::time::Duration;

/// The sizes of the scenes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Runs that the medians are of.
    pub(crate) runs: u32,
    /// Connections of each kind that are idle.
    pub(crate) idle: usize,
    /// Time that a server gets to come to rest before its memory is looked at.
    pub(crate) rest: Duration,
    /// Subscribers of the larger and of the smaller audience.
    pub(crate) audiences: [usize; 2],
    /// Deliveries a second while messages come at a steady pace, to all subscribers together.
    pub(crate) steady_deliveries: usize,
    /// How long they do.
    pub(crate) steady: Duration,
    /// Deliveries of a burst, to all subscribers together.
    pub(crate) burst_deliveries: usize,
    /// Messages that are published to one user each.
    pub(crate) single: usize,
    /// Messages that cross from relay to relay one by one.
    pub(crate) crossings: usize,
    /// Messages that cross as fast as they can.
    pub(crate) publishes: usize,
    /// Subscribers of two servers together.
    pub(crate) pair_audience: usize,
}

impl Plan {
    /// What figures are taken from.
    pub(crate) const FULL: Self = Self {
        runs: 3,
        idle: 5000,
        rest: Duration::from_secs(4),
        audiences: [5000, 1000],
        steady_deliveries: 20_000,
        steady: Duration::from_secs(5),
        burst_deliveries: 250_000,
        single: 5000,
        crossings: 1000,
        publishes: 400_000,
        pair_audience: 1000,
    };
    /// What shows the direction of a change.
    pub(crate) const QUICK: Self = Self {
        runs: 1,
        rest: Duration::from_secs(2),
        steady: Duration::from_secs(2),
        burst_deliveries: 100_000,
        single: 2000,
        crossings: 500,
        publishes: 100_000,
        ..Self::FULL
    };
}

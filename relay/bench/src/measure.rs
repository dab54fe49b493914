//! What is measured, and the samples of it.

use std::collections::BTreeMap;

use serde::Serialize;

/// One column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// KB of the server's memory for one idle connection.
    IdleMemory,
    /// µs of the server's CPU for one connect, handshake included.
    ConnectCpu,
    /// Connects per second.
    ConnectRate,
    /// µs of the server's CPU for one message to one user.
    SingleCpu,
    /// µs of the server's CPU for one delivery to 1,000 subscribers, messages coming steadily.
    Steady1000,
    /// The same to 5,000.
    Steady5000,
    /// µs of the server's CPU for one delivery to 1,000 subscribers, messages coming all at once.
    Burst1000,
    /// The same to 5,000.
    Burst5000,
    /// ms from publishing to the client, of half of the deliveries to 1,000, messages coming steadily.
    Latency50,
    /// The same of 99 % of them.
    Latency99,
    /// Messages that subscribers did not get.
    Lost,
    /// MB of the server's memory with all kinds of idle connections together.
    MixedMemory,
    /// ms that [`Latency50`](Self::Latency50) is longer than between clients of one relay.
    Added50,
    /// Publishes for each second of the publishing relay's CPU.
    PublishesPerCore,
    /// Publishes per second.
    Publishes,
    /// µs of the publishing relay's CPU for one publish.
    SenderCpu,
    /// µs of the other relay's CPU for one publish.
    ReceiverCpu,
    /// µs of all servers' CPU for one delivery.
    DeliveryCpu,
    /// µs of Redis' CPU for one publish.
    RedisCpu,
    /// Seconds from the first handshake to the last missed message.
    BackAfter,
    /// Clients that were not told that they missed nothing.
    NotRecovered,
    /// Messages that clients got twice.
    Twice,
}

impl Measure {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 22] = [
        Self::IdleMemory,
        Self::ConnectCpu,
        Self::ConnectRate,
        Self::SingleCpu,
        Self::Steady1000,
        Self::Steady5000,
        Self::Burst1000,
        Self::Burst5000,
        Self::PublishesPerCore,
        Self::Publishes,
        Self::SenderCpu,
        Self::ReceiverCpu,
        Self::DeliveryCpu,
        Self::RedisCpu,
        Self::Latency50,
        Self::Latency99,
        Self::Added50,
        Self::BackAfter,
        Self::NotRecovered,
        Self::Twice,
        Self::Lost,
        Self::MixedMemory,
    ];

    /// Head of the column, with the unit.
    pub(crate) fn head(self) -> &'static str {
        match self {
            Self::IdleMemory => "idle, KB",
            Self::ConnectCpu => "connect, µs",
            Self::ConnectRate => "connects, 1/s",
            Self::SingleCpu => "one user, µs",
            Self::Steady1000 => "steady 1k, µs",
            Self::Steady5000 => "steady 5k, µs",
            Self::Burst1000 => "burst 1k, µs",
            Self::Burst5000 => "burst 5k, µs",
            Self::Latency50 => "p50, ms",
            Self::Latency99 => "p99, ms",
            Self::Lost => "lost",
            Self::MixedMemory => "15k mixed, MB",
            Self::Added50 => "p50 added, ms",
            Self::PublishesPerCore => "a core, 1/s",
            Self::Publishes => "publishes, 1/s",
            Self::SenderCpu => "sender, µs",
            Self::ReceiverCpu => "receiver, µs",
            Self::DeliveryCpu => "delivery, µs",
            Self::RedisCpu => "Redis, µs",
            Self::BackAfter => "all back, s",
            Self::NotRecovered => "not recovered",
            Self::Twice => "twice",
        }
    }

    /// Decimals that mean something.
    pub(crate) fn decimals(self) -> usize {
        match self {
            Self::ConnectRate
            | Self::PublishesPerCore
            | Self::Publishes
            | Self::NotRecovered
            | Self::Twice
            | Self::Lost => 0,
            Self::ConnectCpu | Self::SingleCpu | Self::MixedMemory => 1,
            _ => 2,
        }
    }
}

/// The samples of one subject.
pub(crate) type Row = BTreeMap<Measure, Vec<f64>>;

/// The samples of all runs, by subject and measure; subjects are in the order that they came in.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<(&'static str, Row)>);

impl Samples {
    /// Adds what one run measured.
    pub(crate) fn add(&mut self, subject: &'static str, measure: Measure, value: f64) {
        match self.0.iter_mut().find(|(name, _)| *name == subject) {
            Some((_, row)) => row.entry(measure).or_default().push(value),
            None => self.0.push((subject, Row::from([(measure, vec![value])]))),
        }
    }

    /// Subjects, with their samples by measure.
    pub(crate) fn rows(&self) -> &[(&'static str, Row)] {
        &self.0
    }
}

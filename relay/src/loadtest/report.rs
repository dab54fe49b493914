//! The outcome of a test.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::tally::Tally;
use super::{Plan, Transport};

/// What a test found; times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How clients were connected.
    pub transport: Transport,
    /// Number of clients.
    pub clients: usize,
    /// Messages per second that were asked for.
    pub rate: u32,
    /// Messages per second that the relay took.
    pub achieved_rate: f64,
    /// Messages that the relay took.
    pub sent: u64,
    /// Of these, those that came.
    pub received: u64,
    /// Those that did not.
    pub lost: u64,
    /// Those that came again.
    pub duplicated: u64,
    /// Those that came after later ones.
    pub out_of_order: u64,
    /// Messages that the relay refused.
    pub refused: u64,
    /// Connections that ended before the test did.
    pub disconnected: u64,
    /// Median latency.
    pub p50_ms: f64,
    /// The latency that one in a hundred is above.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Report {
    pub(super) fn of(plan: &Plan, tally: &Tally, took: Duration) -> Self {
        let (sent, received, faults) = (tally.sent(), tally.arrived(), tally.faults());
        let ms = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1000.0;
        Self {
            transport: plan.transport,
            clients: plan.clients,
            rate: plan.rate,
            achieved_rate: (sent as f64 / took.as_secs_f64().max(0.001)).round(),
            sent,
            received,
            lost: sent.saturating_sub(received),
            duplicated: faults.duplicated,
            out_of_order: faults.out_of_order,
            refused: faults.refused,
            disconnected: faults.disconnected,
            p50_ms: ms(tally.quantile(0.5)),
            p99_ms: ms(tally.quantile(0.99)),
            max_ms: ms(tally.quantile(1.0)),
        }
    }

    /// Whether every message was taken and came once, in order, to a client that stayed.
    pub fn is_clean(&self) -> bool {
        let wrong = [self.lost, self.duplicated, self.out_of_order, self.refused, self.disconnected];
        self.sent > 0 && wrong.iter().all(|count| *count == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, transport, rate, achieved_rate, sent, received, .. } = self;
        writeln!(f, "{clients} clients by {transport}, {achieved_rate} of {rate} messages a second")?;
        writeln!(f, "sent {sent}, received {received}, lost {}, duplicated {}", self.lost, self.duplicated)?;
        let Self { out_of_order, refused, disconnected, .. } = self;
        writeln!(f, "out of order {out_of_order}, refused {refused}, disconnected {disconnected}")?;
        write!(f, "latency p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", self.p50_ms, self.p99_ms, self.max_ms)
    }
}

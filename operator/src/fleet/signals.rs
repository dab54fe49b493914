//! What the troubleshooting guides tell a person to look for, looked for.
//!
//! A relay counts; here two readings a window apart become a figure, and a figure past its
//! threshold is raised. It is lowered when it is below half of that, and not before [`HOLD`]: what
//! hovers at a threshold is told once. Another process of the relay begins at zero.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use relay_contract::admin::{Signals, Status};
use tokio::time::Instant;

use crate::api::Signal;

/// Time that a counter's growth is measured over.
const WINDOW: Duration = Duration::from_secs(60);
/// Shortest time for which a signal is raised.
const HOLD: Duration = Duration::from_secs(300);
/// Readings that are kept: those of a window, at the quickest pace of probes.
const READINGS: usize = 64;
/// Sessions below which the share of those that poll says nothing.
const FEW_SESSIONS: u64 = 10;

/// A signal that a relay raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Which one.
    pub signal: Signal,
    /// The figure when it was raised, in the unit of the signal.
    pub figure: u64,
}

/// What is remembered of one relay.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    process: i64,
    readings: VecDeque<(Instant, Signals)>,
    raised: BTreeMap<Signal, (Instant, u64)>,
}

impl Watch {
    /// Takes a reading.
    pub(super) fn take(&mut self, now: Instant, status: &Status) {
        if self.process != status.started_at {
            self.readings.clear();
            self.process = status.started_at;
        }
        self.readings.push_back((now, status.signals.clone()));
        let past = |at: Instant| now.saturating_duration_since(at) > WINDOW;
        while self.readings.len() > READINGS || self.readings.front().is_some_and(|(at, _)| past(*at)) {
            self.readings.pop_front();
        }
        for signal in Signal::ALL {
            self.judge(*signal, now);
        }
    }

    /// The signals that are raised.
    pub(super) fn raised(&self) -> Vec<Raised> {
        self.raised.iter().map(|(signal, (_, figure))| Raised { signal: *signal, figure: *figure }).collect()
    }

    fn judge(&mut self, signal: Signal, now: Instant) {
        let figure = self.figure(signal);
        match self.raised.get(&signal) {
            None if figure >= signal.threshold() => drop(self.raised.insert(signal, (now, figure))),
            Some((since, _))
                if figure < signal.threshold() / 2 && now.saturating_duration_since(*since) >= HOLD =>
            {
                self.raised.remove(&signal);
            }
            _ => {}
        }
    }

    /// The figure of a signal: how much a counter grew within the window, or a share as it is now.
    fn figure(&self, signal: Signal) -> u64 {
        let (Some((_, first)), Some((_, last))) = (self.readings.front(), self.readings.back()) else {
            return 0;
        };
        let grown = |of: fn(&Signals) -> u64| of(last).saturating_sub(of(first));
        match signal {
            Signal::DuplicateUsers => grown(|it| it.duplicate_users),
            Signal::BufferDrops => grown(|it| it.buffer_drops),
            Signal::SlowProcessing => grown(|it| it.slow_processing),
            Signal::TokenFailures => grown(|it| it.token_failures),
            Signal::PollingFallbacks => polling(last),
            Signal::SessionSwitches => grown(|it| it.session_switches),
            Signal::OriginRefusals => grown(|it| it.origin_refusals),
            Signal::HighMemory => last.memory_percent,
            Signal::SlowConnections => grown(|it| it.slow_connections),
            Signal::RedisReconnects => grown(|it| it.redis_reconnects),
            // No reading tells of it.
            Signal::Unresponsive => 0,
        }
    }
}

/// Which share of the Socket.IO sessions polls, in percent.
fn polling(now: &Signals) -> u64 {
    if now.socketio_sessions < FEW_SESSIONS {
        return 0;
    }
    now.polling_sessions.saturating_mul(100).checked_div(now.socketio_sessions).unwrap_or_default()
}

#[cfg(test)]
#[path = "signals_tests.rs"]
mod tests;

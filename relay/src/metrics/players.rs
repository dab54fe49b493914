//! Times of the dual profile (requirements 004-09 and 004-42).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};

use super::Registry;
use super::counter;
use crate::hub::Transport;

/// Upper ends of times in seconds. One of them is the second above which the guide calls the
/// establishment of a connection slow.
const BUCKETS: [f64; 10] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Time above which the guide calls the establishment of a connection slow.
const SLOW: Duration = Duration::from_secs(1);

/// Times of connections and messages of players.
#[derive(Debug)]
pub struct PlayerFigures {
    websocket: Establishment,
    sse: Establishment,
    /// Time from a message's acceptance to its delivery.
    pub delivery: Histogram,
    /// Connections that took longer than a second.
    pub slow: IntCounter,
    /// Messages accepted for players.
    pub sent: IntCounter,
    /// Messages that somebody took.
    pub delivered: IntCounter,
    /// Tries again of messages that found nobody.
    pub retried: IntCounter,
    failed: [(Undelivered, IntCounter); 3],
}

/// Why a message was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The player has no connection.
    NotConnected,
    /// Too many messages waited for another try.
    NoRoom,
    /// Other nodes could not have it.
    BusAway,
}

impl Undelivered {
    fn label(self) -> &'static str {
        match self {
            Self::NotConnected => "not_connected",
            Self::NoRoom => "no_room",
            Self::BusAway => "bus_away",
        }
    }
}

/// Times of one transport.
#[derive(Debug)]
pub struct Establishment {
    times: Histogram,
    max_micros: AtomicU64,
}

impl Establishment {
    /// Mean and greatest time so far, in milliseconds.
    pub fn mean_and_max_ms(&self) -> (f64, f64) {
        let count = self.times.get_sample_count().max(1);
        let max = self.max_micros.load(Ordering::Relaxed);
        (self.times.get_sample_sum() * 1000.0 / count as f64, max as f64 / 1000.0)
    }

    fn observe(&self, time: Duration) {
        self.times.observe(time.as_secs_f64());
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.max_micros.fetch_max(micros, Ordering::Relaxed);
    }
}

impl PlayerFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let buckets = BUCKETS.to_vec();
        let establishment = HistogramOpts::new(
            "relay_connection_establishment_seconds",
            "Time from a player's request to a connection, by transport.",
        );
        let establishment = HistogramVec::new(establishment.buckets(buckets.clone()), &["transport"])?;
        let delivery = HistogramOpts::new(
            "relay_message_delivery_seconds",
            "Time from a message to a player to its delivery on this node.",
        );
        let delivery = Histogram::with_opts(delivery.buckets(buckets))?;
        registry.register(Box::new(establishment.clone()))?;
        registry.register(Box::new(delivery.clone()))?;
        let of = |transport: Transport| Establishment {
            times: establishment.with_label_values(&[transport.label()]),
            max_micros: AtomicU64::new(0),
        };
        let count = |name: &str, help: &str| counter(registry, name, help);
        Ok(Self {
            websocket: of(Transport::WebSocket),
            sse: of(Transport::Sse),
            delivery,
            slow: count(
                "relay_slow_connections_total",
                "Connections of players that took over 1 s to be established.",
            )?,
            sent: count("relay_player_messages_total", "Messages accepted for players.")?,
            delivered: count("relay_player_messages_delivered_total", "Those that somebody took.")?,
            retried: count("relay_player_messages_retried_total", "Tries again of those that found nobody.")?,
            failed: failures(registry)?,
        })
    }

    /// A message was not delivered.
    pub fn failed(&self, reason: Undelivered) {
        if let Some((_, counter)) = self.failed.iter().find(|(known, _)| *known == reason) {
            counter.inc();
        }
    }

    /// Messages that were not delivered, for whatever reason.
    pub fn failures(&self) -> u64 {
        self.failed.iter().map(|(_, counter)| counter.get()).sum()
    }

    /// Times of a transport. Players have sockets and event streams only.
    pub fn establishment(&self, transport: Transport) -> &Establishment {
        match transport {
            Transport::WebSocket => &self.websocket,
            Transport::Sse | Transport::SocketIo => &self.sse,
        }
    }

    /// A connection was established after `time`.
    pub fn established(&self, transport: Transport, time: Duration) {
        self.establishment(transport).observe(time);
        self.slow.inc_by(u64::from(time > SLOW));
    }
}

fn failures(registry: &Registry) -> prometheus::Result<[(Undelivered, IntCounter); 3]> {
    let opts = Opts::new("relay_player_messages_failed_total", "Those that were not delivered, by reason.");
    let family = IntCounterVec::new(opts, &["reason"])?;
    registry.register(Box::new(family.clone()))?;
    let reasons = [Undelivered::NotConnected, Undelivered::NoRoom, Undelivered::BusAway];
    Ok(reasons.map(|reason| (reason, family.with_label_values(&[reason.label()]))))
}

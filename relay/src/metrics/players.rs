//! Times of the dual profile (requirements 004-09 and 004-42).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, Registry};

use super::counter;
use crate::hub::Transport;

/// Times of connections and messages of players.
#[derive(Debug)]
pub struct PlayerFigures {
    websocket: Establishment,
    sse: Establishment,
    /// Time from a message's acceptance to its delivery.
    pub delivery: Histogram,
    /// Messages accepted for players.
    pub sent: IntCounter,
    /// Messages that somebody took.
    pub delivered: IntCounter,
    /// Messages that nobody took, or that other nodes could not have.
    pub failed: IntCounter,
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
        let buckets = prometheus::exponential_buckets(0.000_1, 4.0, 9)?;
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
            sent: count("relay_player_messages_total", "Messages accepted for players.")?,
            delivered: count("relay_player_messages_delivered_total", "Those that somebody took.")?,
            failed: count("relay_player_messages_failed_total", "Those that were not delivered.")?,
        })
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
    }
}

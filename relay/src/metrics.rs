//! Figures of one relay, in a registry of its own. Handles are typed: nothing looks a label up
//! while a message is on its way.

mod aliases;
mod bus;
mod connections;
mod conversations;
mod drops;
mod events;
mod forwards;
mod logs;
mod persistence;
mod players;
mod raise;
mod rates;
mod refused;
mod signals;
mod workers;

use std::sync::Mutex;

use prometheus::proto::MetricFamily;
use prometheus::{Encoder, IntCounter, IntGauge, Opts, TextEncoder};
use relay_contract::admin::{Bus, Signals};
use relay_contract::metrics::{Metric, chapter};

pub use aliases::Aliases;
pub use bus::BusFigures;
pub use connections::ConnectionFigures;
pub use conversations::ConversationFigures;
pub use drops::{DropFigures, drops};
pub use events::{EventDrop, EventFigures};
pub use forwards::ForwardFigures;
pub use logs::LogFigures;
pub use persistence::PersistenceFigures;
pub use players::{PlayerFigures, Undelivered};
pub use rates::{RateFigures, RateLimit};
pub use refused::Refused;
pub use relay_contract::registry::Registry;
pub use signals::SignalFigures;
pub use workers::{WorkerEntry, WorkerFigures};

use self::raise::{raise, signed};
use crate::bus::Counters;
use crate::hub::Shared;
use crate::sync::lock;

/// Version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the documentation says before the table.
const ABOUT: &str = "\
Each relay serves these at `/metrics` of its admin port, 9090. `METRICS_ALIASES` exports some of them under the names that
the guides use, too.";

/// All figures.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// What counts by itself is taken over by one reader at a time.
    reading: Mutex<()>,
    connections: ConnectionFigures,
    published: IntCounter,
    delivered: IntCounter,
    drops: DropFigures,
    /// Errors of accepting TCP connections.
    pub accept_errors: IntCounter,
    /// TCP connections refused.
    pub refused: Refused,
    bus: BusFigures,
    /// Events of the stream profile.
    pub events: EventFigures,
    /// Conversations of the tokens profile.
    pub conversations: ConversationFigures,
    /// Players of the dual profile.
    pub players: PlayerFigures,
    /// Sessions that outlive a process.
    pub persistence: PersistenceFigures,
    /// Limits that were reached.
    pub rates: RateFigures,
    /// What workers outside left.
    pub workers: WorkerFigures,
    /// What the guides tell a person to look for.
    pub signals: SignalFigures,
    /// Log lines.
    pub logs: LogFigures,
    /// Requests that were for another node.
    pub forwards: ForwardFigures,
    queue_bytes: IntGauge,
}

impl Metrics {
    /// Fresh figures.
    ///
    /// # Errors
    /// If two figures have one name, which is a defect of this file.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::default();
        let info = Opts::new("relay_build_info", "Always 1; the version is in the label.")
            .const_label("version", VERSION);
        let info = IntGauge::with_opts(info)?;
        info.set(1);
        registry.register(Box::new(info))?;
        Ok(Self {
            reading: Mutex::default(),
            connections: ConnectionFigures::new(&registry)?,
            published: counter(&registry, "relay_messages_published_total", "Messages published here.")?,
            delivered: counter(
                &registry,
                "relay_messages_delivered_total",
                "Messages given to connections, counted per connection.",
            )?,
            drops: DropFigures::new(&registry)?,
            accept_errors: counter(&registry, "relay_accept_errors_total", "Failed accepts.")?,
            refused: Refused::new(&registry)?,
            queue_bytes: gauge(&registry, "relay_queue_bytes", "Bytes that wait for slow connections.")?,
            bus: BusFigures::new(&registry)?,
            events: EventFigures::new(&registry)?,
            conversations: ConversationFigures::new(&registry)?,
            players: PlayerFigures::new(&registry)?,
            persistence: PersistenceFigures::new(&registry)?,
            rates: RateFigures::new(&registry)?,
            workers: WorkerFigures::new(&registry)?,
            signals: SignalFigures::new(&registry)?,
            logs: LogFigures::new(&registry)?,
            forwards: ForwardFigures::new(&registry)?,
            registry,
        })
    }

    /// What there is, also where nothing was counted yet.
    pub fn known(&self) -> Vec<Metric> {
        self.registry.known()
    }

    /// Takes over the signals, and how many Socket.IO sessions ended by polling since the start.
    pub fn observe(&self, signals: &Signals, fallbacks: u64) {
        let _reading = lock(&self.reading);
        self.signals.update(signals, fallbacks);
    }

    /// The text of all figures, in the Prometheus exposition format.
    pub fn render(&self, hub: &Shared, bus: &Bus, counters: &Counters, aliases: &Aliases) -> String {
        let mut families = self.gather(hub, bus, counters);
        aliases.extend(&mut families);
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
            tracing::error!(%error, "Figures could not be written");
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    fn gather(&self, hub: &Shared, bus: &Bus, counters: &Counters) -> Vec<MetricFamily> {
        let _reading = lock(&self.reading);
        self.queue_bytes.set(signed(hub.budget.used()));
        raise(&self.published, hub.counts.total_published());
        raise(&self.delivered, hub.counts.total_delivered());
        self.connections.update(&hub.counts);
        self.conversations.update(&hub.counts);
        self.drops.update(&hub.counts, counters);
        self.bus.update(bus, counters);
        self.logs.update();
        self.registry.gather()
    }
}

/// The relay's chapter of `docs/metrics.md`.
///
/// # Errors
/// As [`Metrics::new`].
pub fn markdown() -> prometheus::Result<String> {
    Ok(chapter("Of the relay", ABOUT, Metrics::new()?.known()))
}

fn counter(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntCounter> {
    let counter = IntCounter::new(name, help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntGauge> {
    let gauge = IntGauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chapter_in_docs_is_the_one_made_from_the_code() {
        let page = include_str!("../../docs/metrics.md");
        let committed = page.find("## Of the relay").and_then(|start| page.get(start..));
        assert!(committed == Some(&markdown().unwrap()), "docs/metrics.md is stale: run `make generate`");
    }

    #[test]
    fn what_is_counted_elsewhere_is_taken_over_once() {
        let metrics = Metrics::new().unwrap();
        let signals =
            Signals { token_failures: 3, socketio_sessions: 5, polling_sessions: 2, ..Signals::default() };
        metrics.observe(&signals, 7);
        metrics.observe(&signals, 7);
        let text = TextEncoder::new().encode_to_string(&metrics.registry.gather()).unwrap();
        for line in [
            "relay_token_failures_total 3",
            "relay_socketio_fallbacks_total 7",
            "relay_socketio_sessions{transport=\"polling\"} 2",
            "relay_socketio_sessions{transport=\"websocket\"} 3",
        ] {
            assert!(text.lines().any(|it| it == line), "{text}");
        }
    }

    #[test]
    fn a_metric_that_was_never_counted_is_known_with_its_labels() {
        let known = Metrics::new().unwrap().known();
        let dropped = known.iter().find(|metric| metric.name == "relay_messages_dropped_total").unwrap();
        assert_eq!(dropped.labels, ["reason"]);
    }
}

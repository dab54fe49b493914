//! Live connections by transport and profile, and ended ones by close code: taken over from the hub
//! when somebody asks.

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts};

use super::Registry;
use super::raise::{raise, signed};
use crate::hub::Counts;

/// Figures of connections.
#[derive(Debug)]
pub struct ConnectionFigures {
    live: IntGaugeVec,
    active: IntGauge,
    opened: IntCounterVec,
    closed: IntCounterVec,
    resumed: IntCounterVec,
}

impl ConnectionFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let labels = &["transport", "profile"];
        let live = Opts::new("relay_connections", "Live connections.");
        let opened = Opts::new("relay_connections_opened_total", "Connections since the start.");
        let closed = Opts::new("relay_connections_closed_total", "Ended connections by close code.");
        let resumed = Opts::new(
            "relay_connections_resumed_total",
            "Connections that came back with a position, by whether they missed nothing.",
        );
        let figures = Self {
            live: IntGaugeVec::new(live, labels)?,
            active: IntGauge::new("relay_active_connections", "Live connections, all together.")?,
            opened: IntCounterVec::new(opened, labels)?,
            closed: IntCounterVec::new(closed, &["transport", "code"])?,
            resumed: IntCounterVec::new(resumed, &["recovered"])?,
        };
        registry.register(Box::new(figures.live.clone()))?;
        registry.register(Box::new(figures.active.clone()))?;
        registry.register(Box::new(figures.opened.clone()))?;
        registry.register(Box::new(figures.closed.clone()))?;
        registry.register(Box::new(figures.resumed.clone()))?;
        Ok(figures)
    }

    /// Takes over what the hub counted.
    pub fn update(&self, counts: &Counts) {
        self.active.set(signed(counts.live()));
        for ((transport, profile), kind) in counts.kinds() {
            let labels = [transport.label(), profile];
            self.live.with_label_values(&labels).set(signed(kind.live));
            raise(&self.opened.with_label_values(&labels), kind.opened);
        }
        for (recovered, total) in counts.total_resumed() {
            raise(&self.resumed.with_label_values(&[if recovered { "yes" } else { "no" }]), total);
        }
        for ((transport, code), total) in counts.ends() {
            let labels = [transport.label(), &code.number().to_string()];
            raise(&self.closed.with_label_values(&labels), total);
        }
    }
}

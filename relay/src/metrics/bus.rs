//! Figures of the bus, which counts by itself: taken over when somebody asks.

use prometheus::{IntCounterVec, IntGauge, Opts};
use relay_contract::admin::{Bus, BusState};

use super::Registry;
use super::raise::{raise, signed};
use crate::bus::Counters;

/// Figures of the bus.
#[derive(Debug)]
pub struct BusFigures {
    up: IntGauge,
    lag: IntGauge,
    outbox_items: IntGauge,
    outbox_bytes: IntGauge,
    stalled: IntGauge,
    events: IntCounterVec,
}

impl BusFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str| super::gauge(registry, name, help);
        let events = Opts::new("relay_bus_events_total", "What happened on the bus, by event.");
        let events = IntCounterVec::new(events, &["event"])?;
        registry.register(Box::new(events.clone()))?;
        Ok(Self {
            up: gauge("relay_bus_up", "1 if messages cross the bus and Redis takes writes, else 0.")?,
            lag: gauge("relay_bus_lag_milliseconds", "Lag of the bus at its last probe of itself.")?,
            outbox_items: gauge("relay_bus_outbox_messages", "Messages that wait for the bus.")?,
            outbox_bytes: gauge("relay_bus_outbox_bytes", "Bytes of these messages.")?,
            stalled: gauge(
                "relay_bus_stalled_partitions",
                "Partitions, of 128, whose messages do not go on, or are not subscribed to, for over 3 seconds.",
            )?,
            events,
        })
    }

    /// Takes over what the bus knows now.
    pub fn update(&self, bus: &Bus, counters: &Counters) {
        self.up.set(i64::from(bus.state == BusState::Ok));
        self.lag.set(signed(bus.lag_ms.unwrap_or_default()));
        self.outbox_items.set(signed(counters.outbox_items));
        self.outbox_bytes.set(signed(counters.outbox_bytes));
        self.stalled.set(signed(counters.stalled));
        let events = [
            ("published", counters.published),
            ("received", counters.received),
            ("duplicate", counters.duplicates),
            ("reconnect", counters.reconnects),
            ("lease_lost", counters.leases_lost),
            ("place_unasked", counters.places_unasked),
            ("refill", counters.refills),
            ("epoch", counters.epochs),
        ];
        for (event, total) in events {
            raise(&self.events.with_label_values(&[event]), total);
        }
    }
}

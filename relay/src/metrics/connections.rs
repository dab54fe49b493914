//! Live connections by transport and profile, and ended ones by close code.

use std::collections::BTreeMap;

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use relay_contract::admin::Connections;

use crate::hub::{CloseCode, Transport};

/// Figures of connections.
#[derive(Debug)]
pub struct ConnectionFigures {
    live: IntGaugeVec,
    active: IntGauge,
    opened: IntCounterVec,
    closed: IntCounterVec,
    kinds: std::sync::Mutex<BTreeMap<(&'static str, &'static str), i64>>,
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
        let figures = Self {
            live: IntGaugeVec::new(live, labels)?,
            active: IntGauge::new("relay_active_connections", "Live connections, all together.")?,
            opened: IntCounterVec::new(opened, labels)?,
            closed: IntCounterVec::new(closed, &["transport", "code"])?,
            kinds: std::sync::Mutex::default(),
        };
        registry.register(Box::new(figures.live.clone()))?;
        registry.register(Box::new(figures.active.clone()))?;
        registry.register(Box::new(figures.opened.clone()))?;
        registry.register(Box::new(figures.closed.clone()))?;
        Ok(figures)
    }

    /// Counts a new connection.
    pub fn opened(&self, transport: Transport, profile: &'static str) {
        self.opened.with_label_values(&[transport.label(), profile]).inc();
        self.change(transport, profile, 1);
    }

    /// Counts an ended connection.
    pub fn closed(&self, transport: Transport, profile: &'static str, code: CloseCode) {
        let code = code.number().to_string();
        self.closed.with_label_values(&[transport.label(), code.as_str()]).inc();
        self.change(transport, profile, -1);
    }

    fn change(&self, transport: Transport, profile: &'static str, by: i64) {
        self.active.add(by);
        self.live.with_label_values(&[transport.label(), profile]).add(by);
        *crate::hub::lock(&self.kinds).entry((transport.label(), profile)).or_default() += by;
    }

    /// Number of live connections.
    pub fn total(&self) -> u64 {
        self.active.get().try_into().unwrap_or_default()
    }

    /// Live connections by transport and by profile.
    pub fn counts(&self) -> Connections {
        let mut counts = Connections::default();
        for ((transport, profile), live) in &*crate::hub::lock(&self.kinds) {
            let live = u64::try_from(*live).unwrap_or_default();
            counts.total += live;
            *counts.by_profile.entry((*profile).to_owned()).or_default() += live;
            match *transport {
                "websocket" => counts.websocket += live,
                "socketio" => counts.socketio += live,
                _ => counts.sse += live,
            }
        }
        counts
    }
}

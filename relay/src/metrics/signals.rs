//! What the guides of the five servers tell a person to look for, and no other figure has.

use prometheus::{IntCounter, IntGauge, IntGaugeVec, Opts};
use relay_contract::admin::Signals;

use super::raise::{raise, signed};
use super::{Registry, counter, gauge};

/// One figure for each.
#[derive(Debug)]
pub struct SignalFigures {
    /// Sockets refused because their user has one, or as many as may be (requirement 000-02).
    pub duplicate_users: IntCounter,
    /// Batches of events that took longer than the guide calls slow (requirement 001-14).
    pub slow_processing: IntCounter,
    /// Players who entered another session than they were in (requirement 004-25).
    pub session_switches: IntCounter,
    /// Requests from pages of origins that are not allowed (requirement 000-10).
    pub origin_refusals: IntCounter,
    token_failures: IntCounter,
    fallbacks: IntCounter,
    sessions: IntGaugeVec,
    memory: IntGauge,
}

impl SignalFigures {
    /// Registers the counters.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let count = |name: &str, help: &str| counter(registry, name, help);
        let sessions = Opts::new("relay_socketio_sessions", "Live Socket.IO sessions, by transport.");
        let sessions = IntGaugeVec::new(sessions, &["transport"])?;
        registry.register(Box::new(sessions.clone()))?;
        Ok(Self {
            duplicate_users: count(
                "relay_duplicate_users_total",
                "Sockets refused because their user had as many as may be.",
            )?,
            slow_processing: count("relay_slow_processing_total", "Batches of events that took over 0.1 s.")?,
            session_switches: count("relay_session_switches_total", "Players who entered another session.")?,
            origin_refusals: count(
                "relay_origin_refusals_total",
                "Requests of pages whose origin is not allowed.",
            )?,
            token_failures: count(
                "relay_token_failures_total",
                "Clients whose token was missing, wrong, expired or used before.",
            )?,
            fallbacks: count(
                "relay_socketio_fallbacks_total",
                "Socket.IO sessions that ended as they had begun, by polling.",
            )?,
            sessions,
            memory: gauge(
                registry,
                "relay_memory_percent",
                "How much of the memory that the process may have is used.",
            )?,
        })
    }

    /// Takes over what is counted elsewhere. Two at once would count twice.
    pub(super) fn update(&self, now: &Signals, fallbacks: u64) {
        raise(&self.token_failures, now.token_failures);
        raise(&self.fallbacks, fallbacks);
        let websocket = now.socketio_sessions.saturating_sub(now.polling_sessions);
        for (transport, live) in [("polling", now.polling_sessions), ("websocket", websocket)] {
            self.sessions.with_label_values(&[transport]).set(signed(live));
        }
        self.memory.set(signed(now.memory_percent));
    }
}

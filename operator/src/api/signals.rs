//! The closed list of what the troubleshooting guides tell a person to look for.
//!
//! A signal is the reason of `Degraded` where clients get less than was promised, and of an event
//! everywhere. Thresholds are for one relay.

use super::{EventReason, Reason};

/// What a relay may show that a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Memory near its limit.
    HighMemory,
    /// Full buffers and queues.
    BufferDrops,
    /// Events that take long.
    SlowProcessing,
    /// Connections that take long.
    SlowConnections,
    /// Connections to Redis that break.
    RedisReconnects,
    /// Users who connect although they are connected.
    DuplicateUsers,
    /// Clients without a good token.
    TokenFailures,
    /// Socket.IO clients that do not get to a WebSocket.
    PollingFallbacks,
    /// Players who change their sessions.
    SessionSwitches,
    /// Pages of origins that are not allowed.
    OriginRefusals,
}

impl Signal {
    /// All of them, those that hurt clients most first.
    pub const ALL: &'static [Self] = &[
        Self::HighMemory,
        Self::BufferDrops,
        Self::SlowProcessing,
        Self::SlowConnections,
        Self::RedisReconnects,
        Self::DuplicateUsers,
        Self::TokenFailures,
        Self::PollingFallbacks,
        Self::SessionSwitches,
        Self::OriginRefusals,
    ];

    /// The figure at which it is raised: a number within a minute, or percent. It is lowered below half
    /// of that, five minutes later at the soonest.
    #[must_use]
    pub fn threshold(self) -> u64 {
        match self {
            Self::HighMemory => 85,
            Self::BufferDrops | Self::TokenFailures | Self::OriginRefusals => 100,
            Self::DuplicateUsers | Self::SessionSwitches => 60,
            Self::PollingFallbacks => 50,
            Self::SlowProcessing | Self::SlowConnections => 10,
            Self::RedisReconnects => 5,
        }
    }

    /// What it says of clients: the reason of `Degraded`; `None` where it is their own doing, and a
    /// stranger must not be able to degrade a cluster.
    #[must_use]
    pub fn degrades(self) -> Option<Reason> {
        match self {
            Self::HighMemory => Some(Reason::HighMemory),
            Self::BufferDrops => Some(Reason::BufferDrops),
            Self::SlowProcessing => Some(Reason::SlowProcessing),
            Self::SlowConnections => Some(Reason::SlowConnections),
            Self::RedisReconnects => Some(Reason::RedisReconnects),
            _ => None,
        }
    }

    /// The reason of its event.
    #[must_use]
    pub fn event(self) -> EventReason {
        match self {
            Self::HighMemory => EventReason::HighMemory,
            Self::BufferDrops => EventReason::BufferDrops,
            Self::SlowProcessing => EventReason::SlowProcessing,
            Self::SlowConnections => EventReason::SlowConnections,
            Self::RedisReconnects => EventReason::RedisReconnects,
            Self::DuplicateUsers => EventReason::DuplicateUsers,
            Self::TokenFailures => EventReason::TokenFailures,
            Self::PollingFallbacks => EventReason::PollingFallbacks,
            Self::SessionSwitches => EventReason::SessionSwitches,
            Self::OriginRefusals => EventReason::OriginRefusals,
        }
    }

    /// The figure in words, and what to change.
    #[must_use]
    pub fn message(self, pod: &str, figure: u64) -> String {
        let (what, change) = self.words();
        format!("{pod}: {figure}{what}; {change}")
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::HighMemory => (" % of its memory is used", "raise spec.resources or spec.replicas"),
            Self::BufferDrops => {
                (" messages dropped within a minute", "raise spec.limits.maxQueueBytes or spec.replicas")
            }
            Self::SlowProcessing => (
                " batches of events took over 0.1 s within a minute",
                "raise spec.resources or spec.replicas",
            ),
            Self::SlowConnections => {
                (" connections took over 1 s within a minute", "raise spec.resources or spec.replicas")
            }
            Self::RedisReconnects => (
                " connections to Redis broke within a minute",
                "look at Redis and the network to it: spec.redis",
            ),
            Self::DuplicateUsers => (
                " sockets of users who are connected refused within a minute",
                "let clients close their sockets, or give each user a name of its own",
            ),
            Self::TokenFailures => (
                " clients without a good token within a minute",
                "look at their tokens, their clocks and the keys that the spec names",
            ),
            Self::PollingFallbacks => (
                " % of the Socket.IO sessions poll",
                "let the proxies in between pass WebSocket upgrades (docs/proxies.md)",
            ),
            Self::SessionSwitches => (
                " players changed their session within a minute",
                "let clients keep their session_id across reconnects",
            ),
            Self::OriginRefusals => (
                " requests of pages that are not allowed within a minute",
                "add the origin to spec.cors.origins",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_says_pod_figure_and_what_to_change() {
        let message = Signal::OriginRefusals.message("hello-0", 120);
        assert!(message.starts_with("hello-0: 120 ") && message.contains("spec.cors.origins"), "{message}");
    }

    #[test]
    fn a_reason_of_degraded_is_the_reason_of_the_event() {
        for signal in Signal::ALL {
            let reason = signal.degrades().map(Reason::as_str);
            assert!(reason.is_none_or(|reason| reason == signal.event().as_str()), "{signal:?}");
        }
    }
}

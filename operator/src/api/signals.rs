//! The closed list of what the troubleshooting guides tell a person to look for.
//!
//! A signal is the reason of `Degraded` where clients get less than was promised, and of an event
//! everywhere. Thresholds are for one relay.

use super::words::words;

words! {
    /// What a relay may show that a person should look at; those that hurt clients most come first.
    Signal {
        /// A relay uses 85 % or more of the memory that it may have. Raise `spec.resources` or `spec.replicas`.
        HighMemory,
        /// A relay dropped 100 or more messages within a minute because a queue or a buffer was full. Raise
        /// `spec.limits.maxQueueBytes`, `spec.profiles.stream.bufferSize` or `spec.replicas`, or look at slow
        /// clients.
        BufferDrops,
        /// 10 or more batches of events took a relay over 0.1 s within a minute. Raise `spec.resources` or
        /// `spec.replicas`.
        SlowProcessing,
        /// 10 or more connections of players took over 1 s to be established within a minute. Raise
        /// `spec.resources` or `spec.replicas`.
        SlowConnections,
        /// 5 or more connections of a relay to Redis broke within a minute. Look at Redis and the network to
        /// it.
        RedisReconnects,
        /// A relay that its node calls ready has not answered the operator for 30 s, or with what is no
        /// status. Look at its log, and at what the network lets through from the operator to its admin port.
        Unresponsive,
        /// 60 or more sockets of users who are connected were refused by a relay within a minute. Let clients
        /// close their sockets, or give each user a name of its own.
        DuplicateUsers,
        /// 100 or more clients of a relay had no good token within a minute. Look at their tokens, their clocks
        /// and the keys that the spec names.
        TokenFailures,
        /// Half or more of at least 10 Socket.IO sessions of a relay poll. Let the proxies in between pass
        /// WebSocket upgrades.
        PollingFallbacks,
        /// 60 or more players of a relay changed their session within a minute. Let clients keep their
        /// `session_id` across reconnects.
        SessionSwitches,
        /// 100 or more requests to a relay came from pages that are not allowed, within a minute. Add the
        /// origin to `spec.cors.origins`.
        OriginRefusals,
    }
}

impl Signal {
    /// The figure at which it is raised: a number within a minute, percent, or seconds. It is lowered
    /// below half of that, five minutes later at the soonest; silence with the next answer.
    #[must_use]
    pub fn threshold(self) -> u64 {
        match self {
            Self::HighMemory => 85,
            Self::BufferDrops | Self::TokenFailures | Self::OriginRefusals => 100,
            Self::DuplicateUsers | Self::SessionSwitches => 60,
            Self::PollingFallbacks => 50,
            Self::Unresponsive => 30,
            Self::SlowProcessing | Self::SlowConnections => 10,
            Self::RedisReconnects => 5,
        }
    }

    /// Whether clients get less than was promised: it is a reason of `Degraded`. Of the others, one tells
    /// that the operator cannot know, and the rest are clients' own doing: a stranger must not be able to
    /// degrade a cluster.
    #[must_use]
    pub fn degrades(self) -> bool {
        matches!(
            self,
            Self::HighMemory
                | Self::BufferDrops
                | Self::SlowProcessing
                | Self::SlowConnections
                | Self::RedisReconnects
        )
    }

    /// Those that do.
    pub fn degrading() -> impl Iterator<Item = Self> {
        Self::all().filter(|signal| signal.degrades())
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
            Self::BufferDrops => (
                " messages dropped within a minute",
                "raise spec.limits.maxQueueBytes, spec.profiles.stream.bufferSize or spec.replicas",
            ),
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
            Self::Unresponsive => (
                " s or more without an answer to the operator, though the pod is ready",
                "look at its log, and at what the network lets through to its admin port",
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
    use super::super::{EventReason, Reason};
    use super::*;

    #[test]
    fn a_signal_says_pod_figure_and_what_to_change() {
        let message = Signal::OriginRefusals.message("hello-0", 120);
        assert!(message.starts_with("hello-0: 120 ") && message.contains("spec.cors.origins"), "{message}");
    }

    #[test]
    fn f08_only_what_hurts_clients_is_a_reason_of_degraded() {
        let reasons: Vec<_> = Reason::all().map(Reason::as_str).collect();
        for signal in Signal::all() {
            assert_eq!(reasons.contains(&signal.as_str()), signal.degrades(), "{signal}");
        }
    }

    #[test]
    fn f20_every_signal_is_a_reason_of_events() {
        let reasons: Vec<_> = EventReason::all().map(EventReason::as_str).collect();
        assert!(Signal::all().all(|signal| reasons.contains(&signal.as_str())), "{reasons:?}");
    }
}

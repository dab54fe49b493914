//! Limits that were reached, by reason (requirement 003-20).

use prometheus::{IntCounter, IntCounterVec, Opts};

use super::Registry;

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateLimit {
    /// Connections that one name begins.
    Connections,
    /// Requests of one address.
    Requests,
    /// Connection tokens of one user.
    Tokens,
    /// Chat messages of one user.
    UserMessages,
    /// Messages of one connection.
    Messages,
    /// Messages that one address publishes.
    Publishes,
    /// Messages for one channel.
    Channel,
    /// Channels of one connection.
    Channels,
}

impl RateLimit {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Connections,
        Self::Requests,
        Self::Tokens,
        Self::UserMessages,
        Self::Messages,
        Self::Publishes,
        Self::Channel,
        Self::Channels,
    ];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::UserMessages => "user_messages",
            Self::Messages => "messages",
            Self::Publishes => "publishes",
            Self::Channel => "channel",
            Self::Channels => "channels",
        }
    }
}

/// One counter per limit.
#[derive(Clone, Debug)]
pub struct RateFigures(Vec<(RateLimit, IntCounter)>);

impl RateFigures {
    /// Registers the counters.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new("relay_rate_limited_total", "What was refused because of a limit, by limit.");
        let family = IntCounterVec::new(opts, &["reason"])?;
        registry.register(Box::new(family.clone()))?;
        let counter = |limit: RateLimit| (limit, family.with_label_values(&[limit.label()]));
        Ok(Self(RateLimit::ALL.into_iter().map(counter).collect()))
    }

    /// Counts one.
    pub fn reached(&self, limit: RateLimit) {
        if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == limit) {
            counter.inc();
        }
    }
}

//! Conversations of the tokens profile (requirement 003-19).

use prometheus::{IntCounterVec, IntGauge, Opts};

use super::Registry;
use super::gauge;
use super::raise::signed;
use crate::hub::Counts;

/// Types of messages that are told apart; workers may send others.
const TYPES: [&str; 6] = ["message", "chunk", "task_queued", "processing_started", "complete", "error"];
const OTHER: &str = "other";
/// The profile whose connections are in conversations.
const PROFILE: &str = "tokens";

/// Figures of conversations.
#[derive(Debug)]
pub struct ConversationFigures {
    messages: IntCounterVec,
    active: IntGauge,
}

impl ConversationFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new(
            "relay_conversation_messages_total",
            "What clients of this node said in conversations, and what workers said to them, by type.",
        );
        let messages = IntCounterVec::new(opts, &["type"])?;
        registry.register(Box::new(messages.clone()))?;
        let active = gauge(registry, "relay_active_conversations", "Sockets in conversations.")?;
        Ok(Self { messages, active })
    }

    /// Counts a message of this type.
    pub fn message(&self, kind: &str) {
        let kind = TYPES.into_iter().find(|known| *known == kind).unwrap_or(OTHER);
        self.messages.with_label_values(&[kind]).inc();
    }

    /// Takes over how many sockets there are.
    pub(super) fn update(&self, counts: &Counts) {
        let kinds = counts.kinds().into_iter().filter(|((_, profile), _)| *profile == PROFILE);
        self.active.set(signed(kinds.map(|(_, kind)| kind.live).sum()));
    }
}

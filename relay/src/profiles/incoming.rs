//! What comes from other nodes and from workers, on its way to the profiles and the hub.

use std::sync::Arc;

use super::dual::Players;
use super::push;
use crate::bus::{Inbox, Log, Message, Position};
use crate::config::Settings;
use crate::hub::{Delivered, Hub};
use crate::metrics::Metrics;
use crate::peers::Calls;
use crate::rate::{self, Limits};

/// Hands on each message to whom it concerns.
pub struct Incoming {
    /// Who is told of sessions.
    pub players: Arc<Players>,
    /// Who has the connections.
    pub hub: Arc<Hub>,
    /// Whose newest socket is here.
    pub newest: Arc<push::Newest>,
    /// Who answers calls of other nodes.
    pub calls: Arc<Calls>,
    /// What users and requests this node counts on holding.
    pub names: Arc<push::Names>,
    /// What is left of quotas.
    pub limits: Arc<Limits>,
    /// How much they are.
    pub settings: Arc<Settings>,
    /// Who counts what was said in conversations.
    pub metrics: Arc<Metrics>,
}

impl Incoming {
    /// Gives a message to whom it concerns; `deliver` says which connections of this node that may be.
    fn hand_on(&self, message: Message, deliver: impl FnOnce(&Hub, &Message) -> Delivered) {
        if self.calls.hear(&message)
            || push::hear(&self.hub, &self.newest, &message)
            || rate::hear(&self.limits, &self.settings.live().quotas, &message)
        {
            return;
        }
        if !message.channel.is_conversation() {
            if let Some(message) = self.players.pass_on(message) {
                deliver(&self.hub, &message);
            }
        } else if deliver(&self.hub, &message).total() > 0 {
            self.metrics.conversations.message(&message.kind);
        }
    }
}

impl Inbox for Incoming {
    fn receive(&self, message: Message) {
        self.hand_on(message, Hub::deliver);
    }

    fn receive_early(&self, message: Message, mark: u64) {
        self.hand_on(message, |hub, message| hub.deliver_before(message, mark));
    }

    fn mark(&self) -> u64 {
        self.hub.mark()
    }

    fn receive_late(&self, message: Message, mark: u64) {
        self.hub.deliver_after(&message, mark);
    }

    fn missed(&self, log: &Log, at: Position) {
        self.hub.missed(log, at);
    }

    fn lost(&self, name: &str) {
        push::lose(&self.hub, &self.names, &self.newest, name);
    }
}

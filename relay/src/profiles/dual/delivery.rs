//! The way of a message to a player, from its acceptance to its delivery or its failure
//! (requirements 004-23, 004-28 and 004-33).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::errors::Kind;
use crate::app::App;
use crate::bus::{BusError, Message};
use crate::hub::Receipt;
use crate::metrics::Undelivered;
use crate::profiles::{keyed, push};

/// Tries of a delivery, the first one included.
pub(super) const TRIES: u32 = 3;

/// A message that was accepted for a player.
#[derive(Debug)]
pub(super) struct Dispatch {
    pub(super) player: String,
    pub(super) message: Message,
    /// When it was accepted.
    begin: Instant,
}

/// What became of a try.
pub(super) enum Tried {
    /// Somebody has it: connections of this node, or other nodes.
    Reached(Receipt),
    /// Nobody is there to have it.
    Nobody(Receipt),
}

/// Time to wait after a try, counted from 0.
pub(super) fn patience(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt)
}

impl Dispatch {
    pub(super) fn new(player: String, message: Message) -> Self {
        Self { player, message, begin: Instant::now() }
    }

    /// Tries to deliver it: here, and on the other nodes.
    ///
    /// # Errors
    /// [`BusError`] if other nodes cannot have it; this node's connections do.
    pub(super) async fn deliver(&self, app: &App) -> Result<Tried, BusError> {
        let receipt = keyed::publish(app, self.message.clone(), 0).await?;
        let reached = receipt.delivered.total() > 0 || push::is_elsewhere(app, &self.player).await;
        Ok(if reached { Tried::Reached(receipt) } else { Tried::Nobody(receipt) })
    }

    /// Tries to reach the other nodes, with patience: the client waits for it. Connections of this
    /// node have the message already.
    pub(super) async fn insist(&self, app: &App, mut error: BusError) -> Result<Receipt, BusError> {
        let message = Arc::new(self.message.clone());
        for attempt in 0..TRIES - 1 {
            tokio::time::sleep(patience(attempt)).await;
            match app.bus.publish(message.clone()).await {
                Ok(()) => return Ok(Receipt { published: true, ..Receipt::default() }),
                Err(again) => error = again,
            }
        }
        Err(error)
    }

    /// Counts and logs that somebody has it.
    pub(super) fn succeeded(&self, app: &App) {
        let time = self.begin.elapsed().as_secs_f64();
        let figures = &app.metrics.players;
        figures.delivered.inc();
        figures.delivery.observe(time);
        app.players.sessions.count(&self.player, true);
        let (player_id, message_id, delivery_time_ms) = (&*self.player, &*self.message.id, time * 1000.0);
        tracing::info!(player_id, message_id, delivery_time_ms, "Message delivered");
    }

    /// Counts and logs that nobody has it. The same message may come again.
    pub(super) fn failed(&self, app: &App, reason: Undelivered, why: &dyn std::fmt::Display) {
        app.metrics.players.failed(reason);
        app.players.sessions.count(&self.player, false);
        app.players.forget(app, &self.player, &self.message.id);
        let text = format!("Message delivery failed: {why}");
        if reason == Undelivered::BusAway {
            return app.players.errors.note(Kind::System, &self.player, text);
        }
        tracing::warn!(player_id = self.player, message_id = self.message.id, "{text}");
    }
}

//! Quotas of the whole cluster (`RATE_LIMIT_SCOPE`): nodes tell each other what names took.
//!
//! Nobody waits for it: each node takes from its own buckets, and ten times a second sends one message
//! with what was taken, which the others take off theirs. So a name that goes from node to node has one
//! quota; one that is on several nodes within that tenth of a second gets at most a quota from each of
//! them, and what was too much, up to one quota, is owed: it is taken off what comes back. While the bus
//! is away each node's quota is its own, and nothing of that time is told later.

use std::sync::Arc;
use std::time::Duration;

use relay_contract::admin::BusState;
use tokio::time::{MissedTickBehavior, interval};

use super::limits::Limits;
use super::spent::Taking;
use super::{Quotas, Scope};
use crate::bus::{Bus, Channel, Message};

/// Kind of the message by which nodes tell each other what was taken.
const SPENT: &str = "limits_spent";
/// Time between two such messages of a node.
const TURN: Duration = Duration::from_millis(100);
/// Takings in one message.
const BATCH: usize = 1000;

/// Tells other nodes what is taken here, for ever.
pub async fn share(limits: &Limits, bus: &dyn Bus) {
    let mut ticks = interval(TURN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let spent = limits.spent();
        if spent.is_empty() || bus.status().state != BusState::Ok {
            continue;
        }
        for takings in spent.chunks(BATCH) {
            let text = serde_json::to_string(takings).unwrap_or_default();
            let told = bus.publish(Arc::new(Message::new(Channel::limits(), SPENT, text))).await;
            if let Err(error) = told {
                tracing::debug!(%error, "Other nodes do not know what was taken of quotas");
            }
        }
    }
}

/// Takes news of what was taken on other nodes. Tells whether the message was that.
pub fn hear(limits: &Limits, quotas: &Quotas, message: &Message) -> bool {
    if message.kind != SPENT {
        return false;
    }
    if quotas.scope == Scope::Cluster {
        let takings: Vec<Taking> = serde_json::from_slice(&message.payload).unwrap_or_default();
        takings.iter().for_each(|taking| limits.owe(quotas, taking));
    }
    true
}

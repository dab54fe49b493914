//! Both ways of a message: to the connections of this node, and to the other nodes.

use std::sync::Arc;

use relay_contract::admin::BusKind;

use super::{Delivered, Hub};
use crate::bus::{Bus, BusError, Message};

/// Publishes messages. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    hub: Arc<Hub>,
    bus: Arc<dyn Bus>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Connections of this node that took it.
    pub delivered: Delivered,
    /// Whether it was handed to other nodes, too.
    pub published: bool,
}

impl Publisher {
    /// A publisher to `hub`, and through `bus` to the others.
    pub fn new(hub: Arc<Hub>, bus: Arc<dyn Bus>) -> Self {
        Self { hub, bus }
    }

    /// Delivers on this node, then hands the message to the others.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if the bus kept nothing; this node's connections have it.
    pub async fn publish(&self, message: Message) -> Result<Receipt, BusError> {
        self.hub.shared().counts.published();
        let delivered = self.hub.deliver(&message);
        let published = self.bus.publish(Arc::new(message)).await;
        published.inspect_err(|error| tracing::warn!(%error, "Message reached this node only"))?;
        Ok(Receipt { delivered, published: self.bus.status().kind == BusKind::Redis })
    }
}

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Connections of this node that took it; where a [history](Bus::keeps) brings it to them, those
    /// that are there to take it.
    pub delivered: Delivered,
    /// Whether it was handed to other nodes, too.
    pub published: bool,
    /// Whether one under the same key came before: then this one went nowhere.
    pub duplicate: bool,
}

impl Publisher {
    /// A publisher to `hub`, and through `bus` to the others.
    pub fn new(hub: Arc<Hub>, bus: Arc<dyn Bus>) -> Self {
        Self { hub, bus }
    }

    /// Delivers on this node, then hands the message to the others. Where a history is
    /// [kept](Bus::keeps), the bus does both.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if the bus kept nothing; without a history, this node's connections
    /// have it.
    pub async fn publish(&self, message: Message) -> Result<Receipt, BusError> {
        self.hub.shared().counts.published();
        if self.bus.keeps(&message.channel) {
            let delivered = self.hub.present(&message.channel);
            self.bus.publish(Arc::new(message)).await?;
            return Ok(self.receipt(delivered));
        }
        let delivered = self.hub.deliver(&message);
        let published = self.bus.publish(Arc::new(message)).await;
        published.inspect_err(|error| tracing::warn!(%error, "Message reached this node only"))?;
        Ok(self.receipt(delivered))
    }

    /// The same, unless one was published under `key` a short while ago: see [`Bus::publish_once`].
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if the bus kept nothing; nobody has it.
    pub async fn publish_once(&self, message: Message, key: &str) -> Result<Receipt, BusError> {
        self.hub.shared().counts.published();
        let message = Arc::new(message);
        if self.bus.publish_once(message.clone(), key).await?.duplicate {
            return Ok(Receipt { duplicate: true, ..Receipt::default() });
        }
        let kept = self.bus.keeps(&message.channel);
        Ok(self.receipt(if kept { self.hub.present(&message.channel) } else { self.hub.deliver(&message) }))
    }

    /// Publishes what is tried again, by whichever node, until it was taken: under `key` where a history
    /// is kept, and to the others first where none is. It may go twice there, but never nowhere.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if the bus kept nothing; nobody has it.
    pub async fn publish_again(&self, message: Arc<Message>, key: &str) -> Result<Receipt, BusError> {
        if self.bus.keeps(&message.channel) {
            let duplicate = self.bus.publish_once(message.clone(), key).await?.duplicate;
            self.hub.shared().counts.published();
            return Ok(Receipt { duplicate, ..self.receipt(self.hub.present(&message.channel)) });
        }
        self.bus.publish(message.clone()).await?;
        self.hub.shared().counts.published();
        Ok(self.receipt(self.hub.deliver(&message)))
    }

    fn receipt(&self, delivered: Delivered) -> Receipt {
        Receipt { delivered, published: self.bus.status().kind == BusKind::Redis, duplicate: false }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::bus::testing::PartBus;
    use crate::bus::{Channel, Published};
    use crate::hub::testing::{fetching, hub, message};

    /// A bus that keeps what is for alice and knows one key.
    struct Keeping;

    #[async_trait]
    impl PartBus for Keeping {
        fn keeps(&self, channel: &Channel) -> bool {
            *channel == Channel::user("alice")
        }

        async fn publish_once(&self, _: Arc<Message>, key: &str) -> Result<Published, BusError> {
            Ok(Published { duplicate: key == "known" })
        }
    }

    fn publisher() -> (Arc<Hub>, Publisher) {
        let hub = hub();
        (hub.clone(), Publisher::new(hub, Arc::new(Keeping)))
    }

    fn taken(hub: &Hub) -> u64 {
        hub.shared().counts.total_delivered()
    }

    #[tokio::test]
    async fn what_is_kept_is_left_to_the_bus_to_deliver() {
        let (hub, publisher) = publisher();
        let _alice = fetching(&hub);
        let receipt = publisher.publish(message(Channel::user("alice"), b"{}")).await.unwrap();
        assert_eq!((receipt.delivered.total(), taken(&hub)), (1, 0));
    }

    #[tokio::test]
    async fn a_key_that_is_known_delivers_nothing() {
        let (hub, publisher) = publisher();
        let receipt = publisher.publish_once(message(Channel::user("bob"), b"{}"), "known").await.unwrap();
        assert_eq!((receipt.duplicate, taken(&hub)), (true, 0));
    }

    #[tokio::test]
    async fn a_key_that_is_new_delivers_what_is_not_kept() {
        let (hub, publisher) = publisher();
        let alice = fetching(&hub);
        hub.subscribe(alice.connection(), Channel::room("r"));
        publisher.publish_once(message(Channel::room("r"), b"{}"), "new").await.unwrap();
        assert_eq!(taken(&hub), 1);
    }
}

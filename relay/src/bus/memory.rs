//! A bus of one node: there is nobody to tell, and every claim is ours.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use relay_contract::admin;

use super::tokens::Tokens;
use super::{Bus, BusError, Claim, Message};

/// The bus of a relay that runs alone.
pub(super) struct MemoryBus {
    node: String,
    /// Bounded by the connections that hold the claims.
    leases: Mutex<HashSet<String>>,
    tokens: Tokens,
}

impl MemoryBus {
    pub(super) fn new(node: String) -> Self {
        Self { node, leases: Mutex::default(), tokens: Tokens::default() }
    }

    fn leases(&self) -> MutexGuard<'_, HashSet<String>> {
        // Each change of the set is one call, so that a panic elsewhere cannot leave it half done.
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, _message: Arc<Message>) -> Result<(), BusError> {
        Ok(())
    }

    async fn claim(&self, lease: &str) -> Result<Claim, BusError> {
        self.leases().insert(lease.to_owned());
        Ok(Claim::Granted)
    }

    async fn release(&self, lease: &str) {
        self.leases().remove(lease);
    }

    async fn holder(&self, lease: &str) -> Result<Option<String>, BusError> {
        Ok(self.leases().contains(lease).then(|| self.node.clone()))
    }

    async fn keep_token(&self, token: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        self.tokens.keep(token, value, ttl)
    }

    async fn take_token(&self, token: &str) -> Result<Option<String>, BusError> {
        Ok(self.tokens.take(token))
    }

    fn status(&self) -> admin::Bus {
        admin::Bus { kind: admin::BusKind::Memory, state: admin::BusState::Ok, reason: None, lag_ms: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Channel;

    #[test]
    fn a_bus_of_one_node_always_works() {
        let status = MemoryBus::new("a".into()).status();
        assert_eq!((status.state, status.reason), (admin::BusState::Ok, None));
    }

    #[tokio::test]
    async fn a_publish_to_nobody_succeeds() {
        let message = Message {
            id: "m".into(),
            channel: Channel::user("alice"),
            position: None,
            timestamp: 0,
            kind: "message".into(),
            payload: bytes::Bytes::new(),
        };
        assert_eq!(MemoryBus::new("a".into()).publish(Arc::new(message)).await, Ok(()));
    }

    #[tokio::test]
    async fn the_holder_of_a_lease_is_this_node() {
        let bus = MemoryBus::new("a".into());
        bus.claim("user:alice").await.unwrap();
        assert_eq!(bus.holder("user:alice").await, Ok(Some("a".into())));
    }
}

//! A bus of one node: there is nobody to tell, and every claim is ours.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use relay_contract::admin;

use super::{Bus, BusError, Claim, Message};

/// The bus of a relay that runs alone.
pub(super) struct MemoryBus {
    node: String,
    /// Bounded by the connections that hold the claims.
    leases: Mutex<HashSet<String>>,
}

impl MemoryBus {
    pub(super) fn new(node: String) -> Self {
        Self { node, leases: Mutex::default() }
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

    fn status(&self) -> admin::Bus {
        admin::Bus { kind: admin::BusKind::Memory, state: admin::BusState::Ok, reason: None, lag_ms: None }
    }
}

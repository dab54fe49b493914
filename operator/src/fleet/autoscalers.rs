//! The memory of all autoscalers: one for each RelayCluster that has one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::autoscale::{Bounds, Decision, History, Load};

/// What was wished for lately, by the identity of the cluster.
#[derive(Debug, Default)]
pub struct Autoscalers(Mutex<HashMap<String, History>>);

impl Autoscalers {
    /// Decides for one cluster.
    pub fn decide(&self, uid: &str, bounds: Bounds, current: u32, load: Load, now: Instant) -> Decision {
        self.lock().entry(uid.to_owned()).or_default().decide(bounds, current, load, now)
    }

    /// Forgets a cluster that is gone, or has no autoscaler any more.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// A lock whose holder panicked protects plain data that is still whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, History>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

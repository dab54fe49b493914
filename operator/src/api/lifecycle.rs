//! The part of the spec about the life of a cluster beside its content: waiting, resting, upgrades of
//! the operator, and the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of running pods when a newer operator would make them differently.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpgradePolicy {
    /// They stay as they are until a change of the spec replaces them anyway.
    #[default]
    OnChange,
    /// They are replaced, one cluster after the other.
    Auto,
}

/// What happens to live connections when the RelayCluster is deleted.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// All relays are told to end at once, each at its own pace. Nothing waits for the operator.
    #[default]
    Delete,
    /// A finalizer keeps the RelayCluster until its relays have let go of their connections, at most
    /// `spec.drain.timeoutSeconds` long.
    Drain,
}

//! What a person does to a cluster, and which objects are replaced by it.

use serde_json::{Value, json};

/// One step in the life of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scenario {
    /// A new cluster.
    Create,
    /// A setting that relays take while they run.
    LiveSetting,
    /// A setting that needs other pods: a rollout.
    Template,
    /// From one relay to three.
    ScaleUp,
    /// From three relays to one.
    ScaleDown,
    /// From the managed Redis to another one.
    ToExternalRedis,
    /// The other way.
    ToManagedRedis,
    /// From another Redis to managed servers with sentinels, of which none runs here.
    ToSentinels,
    /// The way back.
    FromSentinels,
    /// An Ingress, and no disruption budget any more, for there is one relay less.
    Expose,
    /// The way back.
    Hide,
    /// The cluster is deleted.
    Delete,
    /// The cluster is deleted, and made again under the same name at once.
    Recreate,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 13] = [
        Self::Create,
        Self::LiveSetting,
        Self::Template,
        Self::ScaleUp,
        Self::ScaleDown,
        Self::ToExternalRedis,
        Self::ToManagedRedis,
        Self::ToSentinels,
        Self::FromSentinels,
        Self::Expose,
        Self::Hide,
        Self::Delete,
        Self::Recreate,
    ];

    /// The spec that the cluster has before; `None` when there is none.
    pub(crate) fn before(self) -> Option<Value> {
        match self {
            Self::Create => None,
            Self::ScaleDown => Some(json!({ "replicas": 3 })),
            Self::ToManagedRedis | Self::ToSentinels => Some(external()),
            Self::FromSentinels => Some(sentinels()),
            Self::Expose => Some(json!({ "replicas": 2 })),
            Self::Hide => Some(exposed()),
            _ => Some(json!({ "replicas": 1 })),
        }
    }

    /// The spec that it is given; `None` when it is deleted for good.
    pub(crate) fn after(self) -> Option<Value> {
        match self {
            Self::Create | Self::Recreate | Self::Hide => Some(json!({ "replicas": 2 })),
            Self::LiveSetting => Some(json!({ "replicas": 1, "limits": { "maxConnections": 777 } })),
            Self::Template => Some(json!({ "replicas": 1, "podAnnotations": { "example.com/a": "b" } })),
            Self::ScaleUp => Some(json!({ "replicas": 3 })),
            Self::ScaleDown | Self::ToManagedRedis => Some(json!({ "replicas": 1 })),
            Self::ToExternalRedis | Self::FromSentinels => Some(external()),
            Self::ToSentinels => Some(sentinels()),
            Self::Expose => Some(exposed()),
            Self::Delete => None,
        }
    }

    /// Whether the cluster that is there goes.
    pub(crate) fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::Recreate)
    }

    /// Relays that are ready all the time, if a cluster is there all the time.
    pub(crate) fn always_ready(self) -> usize {
        if self == Self::Create || self.deletes() { 0 } else { 1 }
    }
}

fn exposed() -> Value {
    json!({ "replicas": 1, "ingress": { "hosts": ["relay.example.com"] } })
}

fn sentinels() -> Value {
    json!({ "replicas": 1, "redis": { "managed": { "sentinel": {} } } })
}

fn external() -> Value {
    json!({
        "replicas": 1,
        "redis": { "mode": "External", "external": { "urlSecretRef": { "name": "given" } } },
    })
}

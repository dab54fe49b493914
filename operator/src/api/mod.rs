//! The `RelayCluster` resource: what a user writes, and what the operator answers.
//!
//! Types only, usable without the controller. A field's default stands in the schema, so that the
//! API server fills it in, a reader of the stored object sees what runs, and removing a field
//! gives its default back. Static rules are CEL in the schema; [`RelayCluster::validate_cel`] runs
//! the same rules here.

mod autoscaling;
mod conditions;
mod crd;
mod exposure;
mod monitoring;
mod network;
mod pods;
mod redis;
mod rollout;
mod settings;
mod spec;
mod status;

pub use autoscaling::AutoscalingSpec;
pub use conditions::{ConditionType, EventReason, Reason, conditions_markdown};
pub use crd::{CrdError, crd, crd_yaml};
pub use exposure::{GatewayRef, GatewaySpec, IngressSpec};
pub use monitoring::MonitoringSpec;
pub use network::NetworkPolicySpec;
pub use pods::{ImagePullPolicy, ServiceSpec, ServiceType};
pub use redis::{ExternalRedis, ManagedRedis, RedisMode, RedisSpec, SecretKeyRef};
pub use rollout::{DrainSpec, RolloutSpec};
pub use settings::{CorsSpec, HeartbeatSpec, LimitsSpec, LogLevel, LogSpec, PublishAccess, PublishSpec};
pub use spec::{RelayCluster, RelayClusterSpec};
pub use status::{
    ConfigurationStatus, ConnectionsStatus, PodState, PodStatus, RedisStatus, RelayClusterStatus,
    RolloutStatus,
};

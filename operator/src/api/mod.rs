//! The `RelayCluster` resource: what a user writes, and what the operator answers.
//!
//! Types only, usable without the controller. A field's default stands in the schema, so that the
//! API server fills it in, a reader of the stored object sees what runs, and removing a field
//! gives its default back. Static rules are CEL in the schema; [`RelayCluster::validate_cel`] runs
//! the same rules here.

mod auth;
mod autoscaling;
mod conditions;
mod crd;
mod disruption;
mod exposure;
mod fields;
mod history;
mod lifecycle;
mod limits;
mod monitoring;
mod network;
mod pods;
mod profile_settings;
mod profiles;
mod rates;
mod redis;
mod rollout;
mod secrets;
mod settings;
mod signals;
mod spec;
mod status;
mod words;

pub(crate) use auth::LEEWAY_SECONDS;
pub use auth::{AuthMethod, AuthSpec, JwtIssuer, JwtSpec, WebhookSpec};
pub use autoscaling::AutoscalingSpec;
pub use conditions::{ConditionType, EventReason, Reason, conditions_markdown};
pub use crd::{CrdError, crd, crd_yaml};
pub use disruption::DisruptionSpec;
pub use exposure::{GatewayRef, GatewaySpec, IngressSpec};
pub use fields::fields_markdown;
pub use history::{HistorySpec, KeptSpec};
pub use lifecycle::{DeletionPolicy, UpgradePolicy};
pub use limits::{LimitsSpec, OverflowPolicy};
pub use monitoring::MonitoringSpec;
pub use network::NetworkPolicySpec;
pub use pods::{ImagePullPolicy, ServiceSpec, ServiceType};
pub use profile_settings::{DualSpec, PushSpec, SocketIoSpec, StreamSpec, TokensSpec};
pub use profiles::{DuplicatePolicy, Profile, ProfilesSpec, SocketIoTransport};
pub use rates::{RateLimitScope, RateLimitsSpec};
pub use redis::{
    ExternalRedis, ExternalSentinel, ManagedRedis, ManagedSentinel, RedisMode, RedisSpec, RedisStorage,
};
pub use relay_contract::logs::LogLevel;
pub use rollout::{DrainSpec, RolloutSpec};
pub use secrets::{SecretKeyRef, SecretUse, UrlSecretRef};
pub use settings::{CorsSpec, HeartbeatSpec, LogSpec, PublishAccess, PublishSpec};
pub use signals::Signal;
pub use spec::{RelayCluster, RelayClusterSpec};
pub use status::{
    ConfigurationStatus, ConnectionsStatus, PodState, PodStatus, RedisServersStatus, RedisStatus,
    RelayClusterStatus, RolloutStatus, SignalStatus,
};

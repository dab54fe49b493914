//! The second step: one value that everything after it can trust, or what is wrong with the spec.
//!
//! The API server checks the same rules. They are checked again because an object may have been
//! stored under an earlier definition, and because what is written into a settings file must not
//! be able to end its line. Each area of the spec has its file here, with its rules, and with its
//! defaults where they are not in the schema.

mod around;
mod auth;
mod broken;
mod limits;
mod pods;
mod profiles;
mod redis;
mod resources;
mod rollout;
mod rules;
mod scaling;
mod secrets;
mod settings;
mod texts;

use k8s_openapi::api::core::v1::ResourceRequirements;

use self::resources::resources;
use super::observed::Root;
use super::rollout::Bounds;
use crate::api::{PublishAccess, RelayClusterSpec};
use crate::options::Options;

pub use self::auth::Auth;
pub use self::broken::InvalidSpec;
pub use self::redis::{External, Managed, Redis};
pub use self::secrets::SecretFile;

/// A cluster whose spec holds every rule, with all defaults in place.
#[derive(Clone, Debug)]
pub struct Validated {
    /// Name, namespace and identity of the cluster.
    pub root: Root,
    /// The spec; figures are in their ranges and texts are safe in a settings file.
    pub spec: RelayClusterSpec,
    /// How many relays are wanted; none while the cluster rests.
    pub replicas: u32,
    /// How many relays there may be beyond `replicas` during a rollout; at least 1.
    pub surge: u32,
    /// Image of the relays.
    pub image: String,
    /// Resources of a relay.
    pub resources: ResourceRequirements,
    /// What the bus is made of.
    pub redis: Redis,
    /// Namespace of the operator itself, when it runs in this Kubernetes.
    pub operator_namespace: Option<String>,
    /// What relays ask of their clients.
    pub auth: Auth,
    /// Whether the publish API asks for a key.
    pub publish_key: bool,
}

impl Validated {
    /// The same cluster with another number of relays.
    #[must_use]
    pub fn resized(self, replicas: u32) -> Self {
        Self { replicas, surge: rollout::surge(replicas, &self.spec.rollout), ..self }
    }

    /// What a step of a rollout has to keep to. A cluster that is to have no relay keeps none.
    #[must_use]
    pub fn bounds(&self, hold: bool) -> Bounds {
        Bounds { replicas: self.replicas, surge: self.surge, hold: hold && self.replicas > 0 }
    }
}

/// Checks a cluster.
///
/// # Errors
/// [`InvalidSpec`] with every rule that is broken.
pub fn validate(root: &Root, options: &Options) -> Result<Validated, InvalidSpec> {
    let cluster = root.cluster.as_ref().map_err(|error| InvalidSpec(vec![error.clone()]))?;
    let spec = &cluster.spec;
    let mut broken = rules::broken(cluster);
    pods::check(spec, &mut broken);
    settings::check(spec, &mut broken);
    limits::check(&spec.limits, &mut broken);
    limits::check_rates(&spec.rate_limits, &mut broken);
    limits::check_history(&spec.history, &mut broken);
    profiles::check(&spec.profiles, &mut broken);
    auth::check(spec, &mut broken);
    redis::check(&spec.redis, &mut broken);
    rollout::check(spec, &mut broken);
    around::check(spec, &mut broken);
    scaling::check(spec, &mut broken);
    match (redis::complete(&spec.redis, options), broken.0.is_empty()) {
        (Some(redis), true) => Ok(complete(root, spec, redis, options)),
        _ => Err(InvalidSpec(broken.0)),
    }
}

fn complete(root: &Root, spec: &RelayClusterSpec, redis: Redis, options: &Options) -> Validated {
    let replicas = if spec.stopped { 0 } else { u32::try_from(spec.replicas).unwrap_or_default() };
    Validated {
        root: root.clone(),
        replicas,
        surge: rollout::surge(replicas, &spec.rollout),
        image: spec.image.clone().unwrap_or_else(|| options.relay_image.clone()),
        resources: spec.resources.clone().unwrap_or_else(|| resources("50m", "64Mi", "512Mi")),
        redis,
        operator_namespace: options.namespace.clone(),
        auth: auth::complete(spec),
        publish_key: spec.publish.access == PublishAccess::Key,
        spec: spec.clone(),
    }
}

#[cfg(test)]
mod tests;

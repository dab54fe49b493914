//! The bus between the relays.

use k8s_openapi::api::core::v1::ResourceRequirements;

use super::resources::resources;
use crate::api::{RedisMode, RedisSpec, SecretKeyRef};
use crate::options::Options;

/// What the bus between the relays is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Redis {
    /// A Redis that the operator runs.
    Managed {
        /// Its image.
        image: String,
        /// Its resources.
        resources: ResourceRequirements,
    },
    /// A Redis of the user.
    External {
        /// Where its URL stands.
        url: SecretKeyRef,
    },
    /// The memory of one relay.
    Memory,
}

/// The bus; `None` when the mode lacks its settings, which a rule of the schema reports.
pub(super) fn complete(spec: &RedisSpec, options: &Options) -> Option<Redis> {
    match spec.mode {
        RedisMode::Managed => {
            let managed = spec.managed.clone().unwrap_or_default();
            Some(Redis::Managed {
                image: managed.image.unwrap_or_else(|| options.redis_image.clone()),
                resources: managed.resources.unwrap_or_else(|| resources("50m", "64Mi", "256Mi")),
            })
        }
        RedisMode::External => {
            let external = spec.external.as_ref()?;
            Some(Redis::External { url: external.url_secret_ref.clone() })
        }
        RedisMode::None => Some(Redis::Memory),
    }
}

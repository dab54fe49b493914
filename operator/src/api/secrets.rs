//! References to Secrets. All of them are in the namespace of the RelayCluster: there is no field
//! for another one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RedisMode, RelayClusterSpec};

/// One key of a Secret in the namespace of the RelayCluster.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the Secret's data.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

/// One key of a Secret in the namespace of the RelayCluster, by default the key `url`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct UrlSecretRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the Secret's data.
    #[serde(default = "url")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

fn url() -> String {
    "url".to_owned()
}

impl From<&UrlSecretRef> for SecretKeyRef {
    fn from(reference: &UrlSecretRef) -> Self {
        Self { name: reference.name.clone(), key: reference.key.clone() }
    }
}

/// What a field of the spec refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// Path of the field, such as `spec.auth.jwt.secretRef`.
    pub field: &'static str,
    /// Name of the Secret.
    pub name: String,
    /// The key that it must have; `None` if any will do.
    pub key: Option<String>,
}

impl RelayClusterSpec {
    /// All Secrets that must exist for this spec, and are not the operator's own.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretUse> {
        let pull = self.image_pull_secrets.iter().map(|secret| SecretUse {
            field: "spec.imagePullSecrets",
            name: secret.name.clone(),
            key: None,
        });
        let keys = self.secret_keys().into_iter().map(|(field, SecretKeyRef { name, key })| SecretUse {
            field,
            name,
            key: Some(key),
        });
        pull.chain(keys).collect()
    }

    fn secret_keys(&self) -> Vec<(&'static str, SecretKeyRef)> {
        let mut keys = Vec::new();
        if let (RedisMode::External, Some(external)) = (self.redis.mode, &self.redis.external) {
            keys.extend(external.secrets());
        }
        keys.extend(self.auth.secrets());
        keys
    }
}

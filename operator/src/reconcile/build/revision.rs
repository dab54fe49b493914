//! The revision: a short hash over all that a relay pod is made of.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use sha2::{Digest, Sha256};

use super::super::secret_value::hex;

/// Ten hexadecimal digits that differ when the pods must differ. The template is without the label
/// that carries the revision itself, and serialises in one order, for its maps are sorted.
pub(super) fn of(template: &PodTemplateSpec) -> String {
    let text = serde_json::to_string(template).unwrap_or_default();
    hex(&Sha256::digest(text.as_bytes())).chars().take(10).collect()
}

//! Resources of a container whose spec names none.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// Requests of CPU and memory, and a limit of memory alone: a limit of CPU would only slow it down.
pub(super) fn resources(cpu: &str, memory: &str, memory_limit: &str) -> ResourceRequirements {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, Quantity> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Quantity((*value).to_owned()))).collect()
    };
    ResourceRequirements {
        requests: Some(map(&[("cpu", cpu), ("memory", memory)])),
        limits: Some(map(&[("memory", memory_limit)])),
        claims: None,
    }
}

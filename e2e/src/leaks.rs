//! Looking for values of Secrets where they must not be.

use std::collections::BTreeMap;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DynamicObject, ListParams};
use kube::discovery::{ApiGroup, Discovery, verbs};
use kube::{Client, ResourceExt};

/// Texts by the place where they stand.
pub type Texts = BTreeMap<String, String>;

/// Every value in every Secret of a namespace.
///
/// # Errors
/// If they cannot be listed, or one is no text.
pub async fn secrets(client: &Client, namespace: &str) -> Result<Texts> {
    let mut values = Texts::new();
    for secret in Api::<Secret>::namespaced(client.clone(), namespace).list(&ListParams::default()).await? {
        for (key, value) in secret.data.iter().flatten() {
            let value = String::from_utf8(value.0.clone())?;
            values.insert(format!("{}/{key}", secret.name_any()), value);
        }
    }
    Ok(values)
}

/// Every object of every kind but Secrets, as the API server gives it out, by kind and name.
///
/// # Errors
/// If the API server does not give them out.
pub async fn dump(client: &Client) -> Result<Texts> {
    // Metrics are no objects, and a test that serves some may come or go meanwhile.
    let discovery = Discovery::new(client.clone()).exclude(&["custom.metrics.k8s.io"]).run().await?;
    let mut all = Texts::new();
    for (resource, capabilities) in discovery.groups().flat_map(ApiGroup::recommended_resources) {
        if resource.kind == "Secret" || !capabilities.supports_operation(verbs::LIST) {
            continue;
        }
        let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
        for object in api.list(&ListParams::default()).await?.items {
            let namespace = object.namespace().unwrap_or_default();
            let text = serde_json::to_string(&object)?;
            all.insert(format!("{} {namespace}/{}", resource.kind, object.name_any()), text);
        }
    }
    Ok(all)
}

/// Which secret stands in which place, as it is or as a Secret's data would write it.
pub fn leaks(secrets: &Texts, places: &Texts) -> Vec<String> {
    let holds =
        |text: &str, value: &str| text.contains(value) || text.contains(&BASE64_STANDARD.encode(value));
    let pairs = places.iter().flat_map(|place| secrets.iter().map(move |secret| (place, secret)));
    pairs
        .filter(|((_, text), (_, value))| holds(text, value))
        .map(|((place, _), (name, _))| format!("{name} in {place}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, text: &str) -> Texts {
        Texts::from([(name.to_owned(), text.to_owned())])
    }

    #[test]
    fn f16_a_secret_is_found_as_it_is_and_in_base64() {
        let secrets = texts("keys/a", "canary");
        assert_eq!(leaks(&secrets, &texts("log", "it is canary")), ["keys/a in log"]);
        assert_eq!(leaks(&secrets, &texts("log", "it is Y2FuYXJ5")), ["keys/a in log"]);
        assert!(leaks(&secrets, &texts("log", "nothing")).is_empty());
    }
}

//! The HTTPRoute of the Gateway API: the hosts, one path, the clients' Service, and no time limit.
//!
//! Shape: `gateway.networking.k8s.io/v1`, HTTPRoute. A timeout of zero is none (GEP-1742): an event
//! stream and a WebSocket are requests that last as long as the client stays.

use serde_json::{Value, json};

use super::super::super::around::kinds::HttpRoute;
use super::super::super::names::{Names, RELAY};
use super::super::super::validate::Validated;
use super::super::metadata;
use crate::api::GatewayRef;

pub(super) fn build(cluster: &Validated) -> Option<HttpRoute> {
    let spec = cluster.spec.gateway.as_ref()?;
    let name = Names(&cluster.root.name).main();
    let mut metadata = metadata(cluster, name.clone(), RELAY);
    metadata.annotations = Some(spec.annotations.clone()).filter(|annotations| !annotations.is_empty());
    let mut route = json!({
        "parentRefs": spec.parent_refs.iter().map(parent).collect::<Vec<_>>(),
        "rules": [{
            "matches": [{ "path": { "type": "PathPrefix", "value": spec.path } }],
            "backendRefs": [{ "kind": "Service", "name": name, "port": cluster.spec.service.port }],
            "timeouts": { "request": "0s", "backendRequest": "0s" },
        }],
    });
    if !spec.hostnames.is_empty() {
        set(&mut route, "hostnames", &json!(spec.hostnames));
    }
    Some(HttpRoute::new(metadata, route))
}

fn parent(reference: &GatewayRef) -> Value {
    let mut parent =
        json!({ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": reference.name });
    let optional = [("namespace", &reference.namespace), ("sectionName", &reference.section_name)];
    for (key, value) in optional {
        if let Some(value) = value {
            set(&mut parent, key, &json!(value));
        }
    }
    parent
}

fn set(object: &mut Value, key: &str, value: &Value) {
    if let Value::Object(map) = object {
        map.insert(key.to_owned(), value.clone());
    }
}

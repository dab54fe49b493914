//! Whether a live object already says all that we want it to say.
//!
//! What the API server or a controller added beside our fields is no difference: defaults,
//! addresses, status. Lists that Kubernetes merges by a key are compared by that key and must have
//! no other items, but for the owners of an object; all other lists must be equal in order and length. An empty value and an
//! absent one are the same, because the API server drops empty ones.

use serde_json::{Map, Value};

use super::quantity::nano;

/// The path of the first field in which `live` does not say what `want` says; `None` when it says all.
#[must_use]
pub fn difference(want: &Value, live: &Value) -> Option<String> {
    Path::default().compare(want, live)
}

#[derive(Clone, Debug, Default)]
struct Path(Vec<String>);

impl Path {
    fn child(&self, name: impl Into<String>) -> Self {
        let mut path = self.0.clone();
        path.push(name.into());
        Self(path)
    }

    fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn parent(&self) -> &str {
        self.0.iter().rev().nth(1).map_or("", String::as_str)
    }

    fn differs(&self) -> Option<String> {
        Some(self.0.join("."))
    }

    fn compare(&self, want: &Value, live: &Value) -> Option<String> {
        match (want, live) {
            _ if is_empty(want) && is_empty(live) => None,
            (Value::Object(want), Value::Object(live)) => self.compare_maps(want, live),
            (Value::Array(want), Value::Array(live)) => self.compare_lists(want, live),
            (Value::String(want), live) if self.is_quantity() => self.compare_quantities(want, live),
            _ if want == live => None,
            _ => self.differs(),
        }
    }

    fn compare_maps(&self, want: &Map<String, Value>, live: &Map<String, Value>) -> Option<String> {
        if self.is_exact() && live.keys().any(|key| !want.contains_key(key)) {
            return self.differs();
        }
        want.iter()
            .find_map(|(key, value)| self.child(key).compare(value, live.get(key).unwrap_or(&Value::Null)))
    }

    fn compare_lists(&self, want: &[Value], live: &[Value]) -> Option<String> {
        if live.len() < want.len() || (live.len() > want.len() && !self.is_open()) {
            return self.differs();
        }
        let key = merge_key(self.name());
        want.iter().enumerate().find_map(|(index, item)| {
            let other = match key.and_then(|key| item.get(key).map(|value| (key, value))) {
                Some((key, value)) => live.iter().find(|other| other.get(key) == Some(value)),
                None => live.get(index),
            };
            let step = key.and_then(|key| item.get(key)?.as_str().map(str::to_owned));
            self.child(step.unwrap_or_else(|| index.to_string())).compare(item, other.unwrap_or(&Value::Null))
        })
    }

    fn compare_quantities(&self, want: &str, live: &Value) -> Option<String> {
        let live = match live {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let equal = want == live || (nano(want).is_some() && nano(want) == nano(&live));
        if equal { None } else { self.differs() }
    }

    /// The content of a ConfigMap or Secret is ours alone, and so is a map that Kubernetes merges
    /// as a whole: who adds a key to a selector owns all of it. So is a rule of a NetworkPolicy and
    /// a peer in it: one without `from` lets everybody in, and no field of it is a default.
    fn is_exact(&self) -> bool {
        let content = matches!(self.0.as_slice(), [root] if root == "data" || root == "binaryData");
        let rule = matches!(self.parent(), "ingress" | "egress" | "from" | "to");
        content || rule || matches!(self.name(), "selector" | "matchLabels" | "nodeSelector")
    }

    /// Who else an object belongs to is no business of ours.
    fn is_open(&self) -> bool {
        self.name() == "ownerReferences"
    }

    fn is_quantity(&self) -> bool {
        matches!(self.parent(), "requests" | "limits") || self.name() == "sizeLimit"
    }
}

/// The key by which Kubernetes merges a list of this name.
fn merge_key(list: &str) -> Option<&'static str> {
    match list {
        "containers" | "env" | "volumes" | "imagePullSecrets" | "initContainers" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "ports" => Some("name"),
        "ownerReferences" => Some("uid"),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
#[path = "covers_tests.rs"]
mod tests;

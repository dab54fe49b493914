//! Fields that somebody else put among ours.
//!
//! The API server notes for every field who set it. A field below `spec` or `data` that we do not
//! set and that another writer owns is an edit by hand. A field anywhere that our own apply set
//! and that we do not want any more is a leftover, which the next apply takes back. Defaults, and
//! what controllers write through a subresource, have no such owner.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde_json::{Map, Value};

use crate::options::FIELD_MANAGER;

/// The path of the first such field; `None` when there is none.
#[must_use]
pub fn foreign_field(want: &Value, managers: &[ManagedFieldsEntry]) -> Option<String> {
    let writers = managers.iter().filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty());
    writers.into_iter().find_map(|entry| {
        let fields = &entry.fields_v1.as_ref()?.0;
        let ours = entry.manager.as_deref() == Some(FIELD_MANAGER);
        match (ours, entry.operation.as_deref()) {
            (true, Some("Apply")) => unset(want, fields, ""),
            // A replacement owns the defaults that the API server filled in with it.
            (true, _) => None,
            (false, _) => below_content(want, fields),
        }
    })
}

fn below_content(want: &Value, fields: &Value) -> Option<String> {
    ["spec", "data", "binaryData"].into_iter().find_map(|root| {
        let owned = fields.get(format!("f:{root}"))?;
        unset(want.get(root).unwrap_or(&Value::Null), owned, root)
    })
}

/// Walks the owned fields, in the notation of the API server: `f:` a field, `k:` an item of a list
/// by its keys, `v:` an item of a set, `.` the thing itself.
fn unset(want: &Value, owned: &Value, path: &str) -> Option<String> {
    let owned = owned.as_object()?;
    owned.iter().find_map(|(step, below)| {
        if step == "." {
            return None;
        }
        match find(want, step) {
            Some(value) => unset(value, below, &format!("{path}.{step}")),
            None => Some(format!("{path}.{step}")),
        }
    })
}

/// What we want at one step; `None` when we want nothing there.
fn find<'a>(want: &'a Value, step: &str) -> Option<&'a Value> {
    let (kind, name) = step.split_once(':')?;
    match kind {
        "f" => want.get(name).filter(|value| !value.is_null()),
        "k" => {
            let keys: Map<String, Value> = serde_json::from_str(name).ok()?;
            let holds = |item: &&Value| keys.iter().all(|(key, value)| item.get(key) == Some(value));
            want.as_array()?.iter().find(holds)
        }
        "v" => {
            let value: Value = serde_json::from_str(name).ok()?;
            want.as_array()?.iter().find(|item| **item == value)
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;

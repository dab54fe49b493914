//! The Secret with the admin token and the publish key, generated once.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;

use super::super::names::{Names, RELAY};
use super::super::secret_value::{Keys, SecretValue};
use super::super::validate::Validated;
use super::metadata;

/// Key of the bearer token of the admin API.
pub(super) const ADMIN_TOKEN: &str = "adminToken";
/// Key of the key of the publish API.
pub(super) const PUBLISH_KEY: &str = "publishKey";

pub(super) fn build(cluster: &Validated, keys: &Keys) -> Secret {
    Secret {
        metadata: metadata(cluster, Names(&cluster.root.name).keys(), RELAY),
        type_: Some("Opaque".to_owned()),
        data: Some(BTreeMap::from([
            entry(ADMIN_TOKEN, &keys.admin_token),
            entry(PUBLISH_KEY, &keys.publish_key),
        ])),
        ..Secret::default()
    }
}

fn entry(key: &str, value: &SecretValue) -> (String, ByteString) {
    (key.to_owned(), ByteString(value.reveal().as_bytes().to_vec()))
}

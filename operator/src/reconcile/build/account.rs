//! The ServiceAccount of the pods: an identity without rights and without a token.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::super::names::{Names, RELAY};
use super::super::validate::Validated;
use super::metadata;

pub(super) fn build(cluster: &Validated) -> ServiceAccount {
    ServiceAccount {
        metadata: metadata(cluster, Names(&cluster.root.name).main(), RELAY),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

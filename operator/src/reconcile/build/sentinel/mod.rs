//! The managed Redis with sentinels: three servers that hold the same, and three sentinels that say
//! which of them is the primary. Nobody else says so: the operator only ever asks for a hand-over.
//!
//! Servers and sentinels are known by the names that the headless Services give their pods, so that
//! a pod may come back with another address.

mod data;
mod pod;
mod set;
mod watch;

use super::super::names::{Names, REDIS_DATA, SENTINEL};
use super::super::secret_value::Keys;
use super::super::validate::{Managed, Validated};
use crate::api::ManagedSentinel;

pub use set::WantedSet;

/// What sentinels and relays call the servers together.
pub(crate) const PRIMARY: &str = "relay";
/// Servers, and sentinels: a majority is left when one is gone.
pub(crate) const EACH: u16 = 3;
/// Port of a sentinel.
pub(crate) const PORT: u16 = 26_379;
/// Account of those who run Redis: its servers, the sentinels, the operator.
pub(crate) const ADMIN: &str = "admin";
/// Key of that account's password.
pub(crate) const ADMIN_PASSWORD: &str = "adminPassword";
/// Key of the access list of the sentinels.
pub(super) const ACL_FILE: &str = "sentinel.acl";

/// The objects of servers and sentinels.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedSentinel {
    /// The servers.
    pub data: WantedSet,
    /// Those who say which one is the primary.
    pub sentinels: WantedSet,
}

/// Servers and sentinels of a cluster.
pub(super) fn build(
    cluster: &Validated,
    managed: &Managed,
    sentinel: &ManagedSentinel,
    keys: &Keys,
) -> WantedSentinel {
    WantedSentinel {
        data: set::build(cluster, managed, keys, data::part(cluster, managed, sentinel)),
        sentinels: set::build(cluster, managed, keys, watch::part(cluster, sentinel)),
    }
}

/// Lines that the access list of the servers has besides that of the relays, and the access list of the
/// sentinels: relays may ask them for the primary, and for nothing else.
pub(super) fn access_lists(keys: &Keys) -> (String, String) {
    let hash = keys.redis_admin_password.sha256();
    let admin = format!("user {ADMIN} on sanitize-payload #{hash} ~* &* +@all\n");
    let relays = keys.redis_password.sha256();
    let may = "-@all +@connection -@admin +ping +sentinel|get-master-addr-by-name +sentinel|ckquorum";
    (admin.clone(), format!("user default on #{relays} resetchannels {may}\n{admin}"))
}

/// The URL by which relays find the primary.
pub(super) fn url(cluster: &Validated) -> String {
    let hosts: Vec<_> =
        hosts(&Names(&cluster.root.name).sentinel()).map(|host| format!("{host}:{PORT}")).collect();
    format!("redis+sentinel://{}?master={PRIMARY}", hosts.join(","))
}

/// Names of the pods of a StatefulSet, as their headless Service of the same name gives them.
pub(super) fn hosts(set: &str) -> impl Iterator<Item = String> {
    (0..EACH).map(move |ordinal| format!("{set}-{ordinal}.{set}"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "scripts_tests.rs"]
mod scripts_tests;

//! Names of the variables that `e2e run` sets for a program that works on a cluster, and how such
//! a program reads them.

use std::env;

use crate::error::{Error, Result};

/// Which provider the cluster came from.
pub const PROVIDER: &str = "E2E_PROVIDER";
/// Where the API server's audit log is; not set where it cannot be read.
pub const AUDIT_LOG: &str = "E2E_AUDIT_LOG";
/// The relay's image.
pub const RELAY_IMAGE: &str = "E2E_RELAY_IMAGE";
/// The same relay as another image, to roll to.
pub const SECOND_RELAY_IMAGE: &str = "E2E_RELAY_IMAGE_2";
/// The operator's image.
pub const OPERATOR_IMAGE: &str = "E2E_OPERATOR_IMAGE";
/// An image whose entrypoint is `redis-server`.
pub const REDIS_IMAGE: &str = "E2E_REDIS_IMAGE";

/// Variables of images with the archives that they name.
pub const IMAGES: [(&str, &str); 4] = [
    (RELAY_IMAGE, "relay"),
    (SECOND_RELAY_IMAGE, "relay-2"),
    (OPERATOR_IMAGE, "relay-operator"),
    (REDIS_IMAGE, "redis"),
];

/// A variable that `e2e run` sets.
///
/// # Errors
/// [`Error::NoCluster`] where the program was not started by it.
pub fn required(name: &str) -> Result<String> {
    env::var(name).map_err(|_| {
        Error::NoCluster(format!(
            "{name} is not set: run this inside `cargo run -p e2e -- run -- …`, after `… -- images`"
        ))
    })
}

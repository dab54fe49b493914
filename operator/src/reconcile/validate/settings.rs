//! Texts and paces that relays re-read while they run.

use super::broken::Broken;
use super::texts::{is_network, is_origin, is_word};
use crate::api::RelayClusterSpec;

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    broken.range("spec.heartbeat.intervalSeconds", spec.heartbeat.interval_seconds, 1, 3_600);
    broken.range("spec.heartbeat.timeoutSeconds", spec.heartbeat.timeout_seconds, 1, 3_600);
    let origins = &spec.cors.origins;
    broken.unless(
        !origins.is_empty() && origins.iter().all(|origin| is_origin(origin)),
        "spec.cors.origins",
        || "at least one, each `*` or like `https://app.example.com`".to_owned(),
    );
    broken.unless(spec.public_accounts.iter().all(|name| is_word(name)), "spec.publicAccounts", || {
        "an account is made of letters, digits and `_`".to_owned()
    });
    broken.unless(spec.trusted_proxies.iter().all(|it| is_network(it)), "spec.trustedProxies", || {
        "each is an address or a network such as `10.0.0.0/8`".to_owned()
    });
}

//! What relays re-read while they run.

use super::broken::Broken;
use crate::api::RelayClusterSpec;

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    let (heartbeat, limits) = (&spec.heartbeat, &spec.limits);
    broken.range("spec.heartbeat.intervalSeconds", heartbeat.interval_seconds, 1, 3_600);
    broken.range("spec.heartbeat.timeoutSeconds", heartbeat.timeout_seconds, 1, 3_600);
    broken.range("spec.limits.maxMessageBytes", limits.max_message_bytes, 256, 16_777_216);
    broken.range("spec.limits.maxConnections", limits.max_connections, 0, 1_000_000);
    broken.range("spec.limits.maxConnectionsPerUser", limits.max_connections_per_user, 1, 10_000);
    broken.range("spec.limits.maxQueueBytes", limits.max_queue_bytes, 1_024, 268_435_456);
    let origins = &spec.cors.origins;
    broken.unless(
        !origins.is_empty() && origins.iter().all(|origin| is_origin(origin)),
        "spec.cors.origins",
        || "at least one, each `*` or like `https://app.example.com`".to_owned(),
    );
    broken.unless(spec.public_accounts.iter().all(|name| is_word(name)), "spec.publicAccounts", || {
        "an account is made of letters, digits and `_`".to_owned()
    });
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '[' | ']' | '-');
    text == "*" || (!host.is_empty() && host.chars().all(plain))
}

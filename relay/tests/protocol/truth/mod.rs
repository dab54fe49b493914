//! What is true for the whole cluster, on two relays with a real Redis between them: while it is
//! there, when it was away for longer than a lease lasts, and after a relay was killed.

mod clocks;
mod duplicates;
mod keys;
pub(crate) mod places;
pub(crate) mod rates;

use crate::cluster::Redis;
use crate::support::{TestRelay, until};

/// Waits until the relay knows that Redis is away, or there.
pub(crate) async fn is_degraded(relay: &TestRelay, degraded: bool) {
    let expected = if degraded { "degraded" } else { "ok" };
    until(expected, async || relay.status().await["bus"]["state"] == expected).await;
}

/// Ends Redis with all that it held, and has both relays notice.
async fn lose(redis: &mut Redis, relays: [&TestRelay; 2]) {
    redis.kill().await;
    for relay in relays {
        is_degraded(relay, true).await;
    }
}

//! How many relays listen, so that what waited through an outage is not sent to nobody.
//!
//! When Redis comes back its relays do, too, but each in its own time, and what is published
//! before one has subscribed is lost to it. So the first to be back holds its outbox until as many
//! listen as before, or until all that can have had the time to come back. The same goes for
//! partitions that have moved to another node of a Cluster.
//!
//! A Redis that was cut off still has the subscriptions of before, which nobody hears any more. It
//! lets go of them once it has written to them in vain, so it is given something to write first.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::time::{Instant, sleep};

use super::fault::{Fault, breaks_link};
use crate::bus::wire::KNOCK;

/// Longest that the outbox is held: the longest wait between two dials, a dial, and the try of the
/// former subscriptions.
pub(super) const GATHER_DEADLINE: Duration = Duration::from_secs(6);
/// Time between two looks at who is back.
const GATHER_INTERVAL: Duration = Duration::from_millis(50);

/// The channel whose subscribers are counted, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    /// Its name.
    pub(super) channel: &'a str,
    /// Whether it is a sharded channel of a Cluster.
    pub(super) sharded: bool,
}

/// Connections that are subscribed to `sample`; nothing if this account may not ask.
pub(super) async fn count(
    sample: Sample<'_>,
    link: &mut MultiplexedConnection,
) -> Result<Option<u64>, Fault> {
    let mut ask = redis::cmd("PUBSUB");
    ask.arg(if sample.sharded { "SHARDNUMSUB" } else { "NUMSUB" }).arg(sample.channel);
    match ask.query_async::<HashMap<String, u64>>(link).await {
        Ok(counts) => Ok(counts.get(sample.channel).copied()),
        Err(source) if breaks_link(&source) => Err(Fault::Call { doing: "count subscribers", source }),
        Err(_) => Ok(None),
    }
}

/// Waits until `expected` connections are subscribed to `sample`, of which this relay's is one, but
/// not for long.
pub(super) async fn gather(
    sample: Sample<'_>,
    expected: u64,
    link: &mut MultiplexedConnection,
) -> Result<(), Fault> {
    let start = Instant::now();
    while expected > 1 && start.elapsed() < GATHER_DEADLINE {
        knock(sample, link).await?;
        // Whoever is gone has the time to say so.
        sleep(GATHER_INTERVAL).await;
        if count(sample, link).await?.is_some_and(|count| count >= expected) {
            break;
        }
    }
    Ok(())
}

/// Has Redis write to all who are subscribed to `sample`.
async fn knock(sample: Sample<'_>, link: &mut MultiplexedConnection) -> Result<(), Fault> {
    let mut publish = redis::cmd(if sample.sharded { "SPUBLISH" } else { "PUBLISH" });
    match publish.arg(sample.channel).arg(KNOCK).exec_async(link).await {
        Err(source) if breaks_link(&source) => Err(Fault::Call { doing: "count subscribers", source }),
        // Where it is refused the count tells what it can.
        _ => Ok(()),
    }
}

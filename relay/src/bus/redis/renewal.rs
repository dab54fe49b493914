//! Keeps the leases of this process, those of one link with one ticker.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Pipeline, RedisError};
use tokio::time::{MissedTickBehavior, interval};

use super::fault::{Fault, breaks_link};
use super::leases::{Held, Leases, RENEWAL, prolong, take};
use super::shard::Shard;
use crate::bus::counters::Tally;

/// Leases that are renewed with one round trip.
const BATCH: usize = 512;

/// Renews the leases of `shard` now, and again every [`RENEWAL`], until the connection breaks.
///
/// It starts with each new connection: what Redis forgot meanwhile is claimed again at once.
pub(super) async fn keep(
    leases: &Leases,
    shard: &Shard,
    mut link: MultiplexedConnection,
    tally: &Tally,
) -> Fault {
    let mut ticks = interval(RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for partition in shard.owned().iter() {
            let mut held = leases.held(partition).await;
            match renew(leases, &mut held, &mut link, tally).await {
                Ok(()) => {}
                Err(source) if breaks_link(&source) => return Fault::Call { doing: "renew leases", source },
                // Such as `OOM` or `NOPERM`: messages still cross, so the connection is kept.
                Err(error) => tracing::warn!(%error, "Redis refuses to renew leases"),
            }
        }
    }
}

async fn renew(
    leases: &Leases,
    held: &mut Held,
    link: &mut MultiplexedConnection,
    tally: &Tally,
) -> Result<(), RedisError> {
    let names: Vec<String> = held.keys().cloned().collect();
    for names in names.chunks(BATCH) {
        let sent = Instant::now();
        let owners: Vec<Option<String>> = ask(leases, names, prolong, link).await?;
        let mut forgotten = Vec::new();
        for (name, now) in names.iter().zip(owners) {
            match now {
                Some(now) if now == leases.owner() => {
                    held.insert(name.clone(), Some(sent));
                }
                Some(_) => lose(name, held, tally),
                None => forgotten.push(name.clone()),
            }
        }
        reclaim(leases, &forgotten, held, link, tally).await?;
    }
    Ok(())
}

/// Claims again what Redis has forgotten, unless another node was faster.
async fn reclaim(
    leases: &Leases,
    names: &[String],
    held: &mut Held,
    link: &mut MultiplexedConnection,
    tally: &Tally,
) -> Result<(), RedisError> {
    let sent = Instant::now();
    let taken: Vec<bool> = ask(leases, names, |key| take(key, leases.owner()), link).await?;
    for (name, taken) in names.iter().zip(taken) {
        if taken {
            held.insert(name.clone(), Some(sent));
        } else {
            lose(name, held, tally);
        }
    }
    Ok(())
}

/// Sends one command per lease in a single round trip.
async fn ask<T: FromRedisValue>(
    leases: &Leases,
    names: &[String],
    command: impl Fn(&str) -> redis::Cmd,
    link: &mut MultiplexedConnection,
) -> Result<Vec<T>, RedisError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipeline = Pipeline::with_capacity(names.len());
    for name in names {
        pipeline.add_command(command(&leases.key(name)));
    }
    pipeline.query_async(link).await
}

fn lose(name: &str, held: &mut Held, tally: &Tally) {
    held.remove(name);
    tally.leases_lost.add(1);
    tracing::warn!(lease = name, "another node holds a lease that this node counts on: the bus was away");
}

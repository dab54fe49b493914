//! Keeps the leases of this process, those of one link with one ticker.

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Pipeline, RedisError};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::fault::{Fault, breaks_link};
use super::leases::{Held, Leases, PRECEDENCE, RENEWAL, prolong, take};
use super::shard::Shard;
use crate::bus::counters::Tally;

/// Leases that are renewed with one round trip.
const BATCH: usize = 512;

/// Renews the leases of `shard` now, and again every [`RENEWAL`], until the connection breaks.
///
/// It starts with each new connection: what Redis forgot meanwhile is claimed again at once, and what
/// was claimed in vain after [`PRECEDENCE`]. So of two nodes that go by one name, the one that held it
/// before the outage keeps it, where both are back in time; in any case only one does.
pub(super) async fn keep(
    leases: &Leases,
    shard: &Shard,
    mut link: MultiplexedConnection,
    tally: &Tally,
) -> Fault {
    if let Err(fault) = turn(leases, shard, Kind::Held, &mut link, tally).await {
        return fault;
    }
    let mut ticks = interval_at(Instant::now() + PRECEDENCE, RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(fault) = turn(leases, shard, Kind::All, &mut link, tally).await {
            return fault;
        }
    }
}

/// Which leases a turn is about.
#[derive(Clone, Copy)]
enum Kind {
    /// Those that Redis has granted.
    Held,
    /// Those that are wanted only, too.
    All,
}

impl Kind {
    fn names(self, held: &Held) -> Vec<String> {
        let wanted = |prolonged: &Option<_>| matches!(self, Self::All) || prolonged.is_some();
        held.iter().filter(|(_, prolonged)| wanted(prolonged)).map(|(name, _)| name.clone()).collect()
    }
}

/// Renews leases of `shard` once.
async fn turn(
    leases: &Leases,
    shard: &Shard,
    kind: Kind,
    link: &mut MultiplexedConnection,
    tally: &Tally,
) -> Result<(), Fault> {
    for partition in shard.owned().iter() {
        let mut held = leases.held(partition).await;
        let names = kind.names(&held);
        match renew(leases, &names, &mut held, link, tally).await {
            Ok(()) => {}
            Err(source) if breaks_link(&source) => return Err(Fault::Call { doing: "renew leases", source }),
            // Such as `OOM` or `NOPERM`: messages still cross, so the connection is kept.
            Err(error) => tracing::warn!(%error, "Redis refuses to renew leases"),
        }
    }
    Ok(())
}

async fn renew(
    leases: &Leases,
    names: &[String],
    held: &mut Held,
    link: &mut MultiplexedConnection,
    tally: &Tally,
) -> Result<(), RedisError> {
    for names in names.chunks(BATCH) {
        let sent = Instant::now().into_std();
        let owners: Vec<Option<String>> = ask(leases, names, prolong, link).await?;
        let mut forgotten = Vec::new();
        for (name, now) in names.iter().zip(owners) {
            match now {
                Some(now) if now == leases.owner() => {
                    held.insert(name.clone(), Some(sent));
                }
                Some(_) => lose(leases, name, held, tally),
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
    let sent = Instant::now().into_std();
    let taken: Vec<bool> = ask(leases, names, |key| take(key, leases.owner()), link).await?;
    for (name, taken) in names.iter().zip(taken) {
        if taken {
            held.insert(name.clone(), Some(sent));
        } else {
            lose(leases, name, held, tally);
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

fn lose(leases: &Leases, name: &str, held: &mut Held, tally: &Tally) {
    tally.leases_lost.add(1);
    leases.lose(name, held);
}

//! Keeps the leases of this process, those of one link with one ticker.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::fault::{Fault, breaks_link};
use super::leases::{Held, PRECEDENCE, RENEWAL, prolong, take};
use super::link::Link;
use super::slot::Slot;

/// Leases that are renewed with one round trip.
const BATCH: usize = 512;

/// Renews the leases of the partitions of `link` now, and again every [`RENEWAL`], until the connection breaks.
///
/// It starts with each new connection: what Redis forgot meanwhile is claimed again at once, and what
/// was claimed in vain after [`PRECEDENCE`]. So of two nodes that go by one name, the one that held it
/// before the outage keeps it, where both are back in time; in any case only one does.
pub(super) async fn keep(link: &Link, mut commands: MultiplexedConnection) -> Fault {
    if let Err(fault) = turn(link, Kind::Held, &mut commands).await {
        return fault;
    }
    let mut ticks = interval_at(Instant::now() + PRECEDENCE, RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(fault) = turn(link, Kind::All, &mut commands).await {
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

/// Renews leases of the partitions of `link` once.
async fn turn(link: &Link, kind: Kind, commands: &mut MultiplexedConnection) -> Result<(), Fault> {
    for partition in link.shard.owned().iter() {
        let mut held = link.leases.held(partition).await;
        let names = kind.names(&held);
        match renew(link, partition.slot(), &names, &mut held, commands).await {
            Ok(()) => {}
            Err(source) if breaks_link(&source) => return Err(Fault::Call { doing: "renew leases", source }),
            // Such as `OOM` or `NOPERM`: messages still cross, so the connection is kept.
            Err(error) => tracing::warn!(%error, "Redis refuses to renew leases"),
        }
    }
    Ok(())
}

async fn renew(
    link: &Link,
    slot: Slot,
    names: &[String],
    held: &mut Held,
    commands: &mut MultiplexedConnection,
) -> Result<(), RedisError> {
    for names in names.chunks(BATCH) {
        let sent = Instant::now().into_std();
        let owners: Vec<Option<String>> = ask(link, slot, names, prolong, commands).await?;
        let mut forgotten = Vec::new();
        for (name, now) in names.iter().zip(owners) {
            match now {
                Some(now) if now == link.leases.owner() => {
                    held.insert(name.clone(), Some(sent));
                }
                Some(_) => lose(link, name, held),
                None => forgotten.push(name.clone()),
            }
        }
        reclaim(link, slot, &forgotten, held, commands).await?;
    }
    Ok(())
}

/// Claims again what Redis has forgotten, unless another node was faster.
async fn reclaim(
    link: &Link,
    slot: Slot,
    names: &[String],
    held: &mut Held,
    commands: &mut MultiplexedConnection,
) -> Result<(), RedisError> {
    let sent = Instant::now().into_std();
    let taken: Vec<bool> = ask(link, slot, names, |key| take(key, link.leases.owner()), commands).await?;
    for (name, taken) in names.iter().zip(taken) {
        if taken {
            held.insert(name.clone(), Some(sent));
        } else {
            lose(link, name, held);
        }
    }
    Ok(())
}

/// Sends one command per lease, all of one slot, in a single round trip.
async fn ask<T: FromRedisValue>(
    link: &Link,
    slot: Slot,
    names: &[String],
    command: impl Fn(&str) -> Cmd,
    commands: &mut MultiplexedConnection,
) -> Result<Vec<T>, RedisError> {
    let asked: Vec<(Slot, Cmd)> = names.iter().map(|name| (slot, command(&link.leases.key(name)))).collect();
    let answers = link.routes.batch(&asked, commands).await?;
    Ok(answers.into_iter().map(T::from_redis_value).collect::<Result<_, _>>()?)
}

fn lose(link: &Link, name: &str, held: &mut Held) {
    link.tally.leases_lost.add(1);
    link.leases.lose(name, held);
}

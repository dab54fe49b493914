//! What happens to the Redis.

use std::time::Duration;

use super::redis::{Cluster, Redis, Sentinels, Site};
use super::traffic::Traffic;

/// The hash tag of alice's partition, which is 112 by FNV-1a of `user:alice`.
pub(super) const TAG: &str = "{202}";
/// Messages that only the primary gets before it dies, where its replicas are to be behind.
const UNSEEN: usize = 20;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Sentinel: the primary is killed.
    SentinelKill,
    /// The same after writes that no replica has.
    SentinelKillBehind,
    /// Sentinel: another is made the primary while this one lives, and takes writes until it is told.
    SentinelSwitch,
    /// Cluster: the primary of the slot is killed.
    ClusterKill,
    /// The same after writes that its replica has not.
    ClusterKillBehind,
    /// Cluster: the replica takes over while the primary lives.
    ClusterSwitch,
    /// Cluster: the slot moves to another primary, key by key.
    SlotMove,
}

impl Fault {
    /// What a table calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::SentinelKill => "Sentinel: primary `kill -9`",
            Self::SentinelKillBehind => "the same, replicas behind",
            Self::SentinelSwitch => "Sentinel: `SENTINEL FAILOVER`",
            Self::ClusterKill => "Cluster: primary `kill -9`",
            Self::ClusterKillBehind => "the same, replica behind",
            Self::ClusterSwitch => "Cluster: `CLUSTER FAILOVER`",
            Self::SlotMove => "Cluster: slot moves",
        }
    }

    /// Whether writes are lost on purpose.
    pub(super) fn loses(self) -> bool {
        matches!(self, Self::SentinelKillBehind | Self::ClusterKillBehind)
    }

    /// A Redis that it can happen to.
    pub(super) async fn site(self) -> Site {
        match self {
            Self::SentinelKill | Self::SentinelKillBehind | Self::SentinelSwitch => Site::sentinel().await,
            _ => Site::cluster().await,
        }
    }

    /// Lets it happen, and waits until Redis has a primary for alice again. Answers which server that is.
    pub(super) async fn strike(self, site: &mut Site, traffic: &Traffic) -> usize {
        match site {
            Site::Single(_) => unreachable!("it has nobody to take over"),
            Site::Sentinel(redis) => self.strike_watched(redis, traffic).await,
            Site::Cluster(redis) => self.strike_cluster(redis, traffic).await,
        }
    }

    async fn strike_watched(self, redis: &mut Sentinels, traffic: &Traffic) -> usize {
        match self {
            Self::SentinelSwitch => redis.switch(),
            Self::SentinelKillBehind => kill_ahead(&mut redis.servers, 0, &[1, 2], traffic).await,
            _ => redis.servers[0].kill(),
        }
        redis.promoted(0).await
    }

    async fn strike_cluster(self, redis: &mut Cluster, traffic: &Traffic) -> usize {
        let slot = redis.slot(TAG);
        let owner = redis.owner(slot).unwrap();
        let replica = redis.replica(owner).unwrap();
        match self {
            Self::SlotMove => return move_slot(redis, slot, (owner + 1) % 3).await,
            Self::ClusterSwitch => return redis.fail_over(owner).await,
            Self::ClusterKillBehind => kill_ahead(&mut redis.nodes, owner, &[replica], traffic).await,
            _ => redis.nodes[owner].kill(),
        }
        redis.promoted(slot, owner).await
    }
}

/// Kills a primary that has taken messages which its replicas did not hear of.
async fn kill_ahead(servers: &mut [Redis], primary: usize, replicas: &[usize], traffic: &Traffic) {
    replicas.iter().for_each(|&replica| servers[replica].freeze());
    // A stopped process still has what its socket took: the connections must go first.
    servers[primary].cli(&["CLIENT", "KILL", "TYPE", "replica"]);
    traffic.takes(UNSEEN).await;
    servers[primary].kill();
    replicas.iter().for_each(|&replica| servers[replica].thaw());
}

/// Moves a slot as slowly as one with much in it: some keys here and some there, then all there, and
/// only then the slot.
async fn move_slot(redis: &Cluster, slot: u16, to: usize) -> usize {
    redis.begin_migration(slot, to);
    redis.move_keys(slot, to, 1);
    tokio::time::sleep(Duration::from_millis(700)).await;
    while redis.move_keys(slot, to, 100) > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    redis.finish_migration(slot, to);
    to
}

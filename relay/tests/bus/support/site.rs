//! Redis in any of its topologies, for tests of what holds in all of them.

use super::{Cluster, Node, Redis, Sentinels};
use relay_contract::admin::BusState;

/// A running Redis.
pub enum Site {
    Single(Redis),
    Sentinel(Sentinels),
    Cluster(Cluster),
}

impl Site {
    pub fn single() -> Self {
        Self::Single(Redis::start(&[]))
    }

    pub async fn sentinel() -> Self {
        Self::Sentinel(Sentinels::start(2).await)
    }

    pub async fn cluster() -> Self {
        Self::Cluster(Cluster::start().await)
    }

    /// The URL that relays have of it.
    pub fn url(&self) -> String {
        match self {
            Self::Single(redis) => redis.url(),
            Self::Sentinel(sentinels) => sentinels.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    /// Its servers with data.
    pub fn servers(&self) -> &[Redis] {
        match self {
            Self::Single(redis) => std::slice::from_ref(redis),
            Self::Sentinel(sentinels) => &sentinels.servers,
            Self::Cluster(cluster) => &cluster.nodes,
        }
    }

    /// Kills the primary that has a key which matches `pattern`, and waits until another has its place.
    pub async fn lose_primary_with(&mut self, pattern: &str) {
        let keys = |server: &Redis| server.cli(&["KEYS", pattern]);
        let has = |server: &Redis| server.is_primary() && !keys(server).is_empty();
        let primary = self.servers().iter().position(has).unwrap();
        let key = keys(&self.servers()[primary]).lines().next().unwrap().to_owned();
        match self {
            Self::Single(_) => unreachable!("it has nobody to take over"),
            Self::Sentinel(redis) => {
                redis.servers[primary].kill();
                redis.promoted(primary).await;
            }
            Self::Cluster(redis) => {
                let slot = redis.slot(&key);
                redis.nodes[primary].kill();
                redis.promoted(slot, primary).await;
            }
        }
    }

    /// Two relays of a namespace of their own, whose buses work.
    pub async fn pair(&self, namespace: &str) -> [Node; 2] {
        let pair = ["a", "b"].map(|name| Node::in_namespace(namespace, name, &self.url(), None));
        for node in &pair {
            node.reaches(BusState::Ok).await;
        }
        pair
    }
}

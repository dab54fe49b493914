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

    /// Two relays of a namespace of their own, whose buses work.
    pub async fn pair(&self, namespace: &str) -> [Node; 2] {
        let pair = ["a", "b"].map(|name| Node::in_namespace(namespace, name, &self.url(), None));
        for node in &pair {
            node.reaches(BusState::Ok).await;
        }
        pair
    }
}

//! Redis in the topologies that the other tests build on: the helpers themselves.

use crate::support::{Cluster, Sentinels};

#[tokio::test]
async fn sentinels_promote_a_replica_when_the_primary_is_killed() {
    let mut redis = Sentinels::start(2).await;
    assert_eq!(redis.primary(), Some(0));
    redis.servers[0].kill();
    assert_ne!(redis.promoted(0).await, 0);
}

#[tokio::test]
async fn a_cluster_fails_over_and_moves_a_slot() {
    let mut cluster = Cluster::start().await;
    let slot = cluster.slot("{alice}");
    let owner = cluster.owner(slot).unwrap();
    let to = (owner + 1) % 3;
    cluster.nodes[owner].cli(&["SET", "{alice}", "1"]);
    cluster.migrate(slot, to).await;
    assert_eq!(cluster.owner(slot), Some(to));
    assert_eq!(cluster.nodes[to].cli(&["GET", "{alice}"]), "1");
    let former = cluster.fail_over(to).await;
    cluster.settles().await;
    cluster.nodes[former].kill();
    assert_eq!(cluster.promoted(slot, former).await, to);
}

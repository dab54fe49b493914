//! What is asked about names while the slot that they are in moves.

use crate::support::{Redis, Site};

#[tokio::test]
async fn names_and_places_in_a_slot_on_its_way_are_asked_for_where_they_are() {
    let site = Site::cluster().await;
    let [a, b] = site.pair("moving").await;
    let Site::Cluster(cluster) = &site else { unreachable!() };
    let first = a.bus.take_newest("alice", 1).await.unwrap();
    let key = |node: &Redis| node.cli(&["KEYS", "relay:moving:newest:*"]);
    let key = cluster.nodes.iter().map(key).find(|key| !key.is_empty()).unwrap();
    let slot = cluster.slot(&key);
    let to = (cluster.owner(slot).unwrap() + 1) % 3;
    cluster.begin_migration(slot, to);
    while cluster.move_keys(slot, to, 100) > 0 {}
    assert!(b.bus.take_newest("alice", 2).await.unwrap() > first);
    assert_eq!(a.bus.take_place("alice", 1, 1).await, Ok(true));
    assert_eq!(b.bus.take_place("alice", 1, 1).await, Ok(false));
    cluster.finish_migration(slot, to);
}

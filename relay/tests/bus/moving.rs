//! What is asked about names, and what is told of messages, while the slot that they are in moves.

use relay_contract::admin::BusState;

use crate::support::{Node, Redis, Site, until};

/// The hash tag of alice's partition, which is 112 by FNV-1a of `user:alice`.
const ALICE: &str = "{202}";

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

#[tokio::test]
async fn a_slot_that_is_left_on_its_way_is_told_until_it_has_arrived() {
    let site = Site::cluster().await;
    let Site::Cluster(cluster) = &site else { unreachable!() };
    let node = Node::that_keeps("a", Redis::config_of(&site.url()), "users=10/60");
    node.reaches(BusState::Ok).await;
    let slot = cluster.slot(ALICE);
    let to = (cluster.owner(slot).unwrap() + 1) % 3;
    cluster.begin_migration(slot, to);
    node.publish("alice", 1).await;
    let told = || {
        let status = node.bus.status();
        status.state == BusState::Degraded && status.reason.is_some_and(|reason| reason.contains("ASK"))
    };
    until("the slot is told of", told).await;
    assert_eq!(node.bus.counters().stalled, 1);
    while cluster.move_keys(slot, to, 100) > 0 {}
    cluster.finish_migration(slot, to);
    node.gets("alice", 1).await;
    node.reaches(BusState::Ok).await;
    until("nothing waits", || node.bus.counters().stalled == 0).await;
}

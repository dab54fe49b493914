//! Messages of histories as they are delivered.

use std::sync::Arc;

use relay_contract::admin::BusState;

use super::{KEPT, appends, keeper, seqs, two_keepers};
use crate::support::{Node, Redis, ids, message, until};

#[tokio::test]
async fn every_node_gets_a_message_with_the_same_position() {
    let (_redis, a, b) = two_keepers().await;
    a.publish("alice", 0).await;
    a.gets("alice", 1).await;
    b.gets("alice", 1).await;
    let positions = [&a, &b].map(|node| node.last().unwrap().position.unwrap());
    assert_eq!(positions[0], positions[1]);
}

#[tokio::test]
async fn all_nodes_have_one_order_whoever_publishes() {
    let (_redis, a, b) = two_keepers().await;
    appends([&a, &b]).await;
    for id in 0..300 {
        a.publish("alice", format!("a{id}")).await;
        b.publish("alice", format!("b{id}")).await;
    }
    a.gets("alice", 600).await;
    b.gets("alice", 600).await;
    assert_eq!(a.got("alice"), b.got("alice"));
    assert_eq!(seqs(&a.messages("alice")), (1..=600).collect::<Vec<_>>());
}

#[tokio::test]
async fn channels_without_a_history_go_as_before() {
    let redis = Redis::start(&[]);
    let (a, b) = (Node::that_keeps("a", redis.config(), "rooms=10/10"), keeper("b", &redis).await);
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    assert_eq!(b.last().unwrap().position, None);
    assert!(a.got("alice").is_empty() && redis.cli(&["KEYS", "*:log:*"]).is_empty());
}

#[tokio::test]
async fn a_key_publishes_once_on_all_nodes() {
    let (_redis, a, b) = two_keepers().await;
    appends([&a, &b]).await;
    let mut duplicates = Vec::new();
    for (id, node) in [&a, &b, &a].into_iter().enumerate() {
        let published = node.bus.publish_once(Arc::new(message("alice", id)), "k").await.unwrap();
        duplicates.push(published.duplicate);
    }
    a.publish("alice", "end").await;
    b.gets("alice", 2).await;
    assert_eq!(duplicates, [false, true, true]);
    assert_eq!(b.got("alice"), ["0", "end"]);
}

#[tokio::test]
async fn a_key_publishes_once_without_a_history_too() {
    let redis = Redis::start(&[]);
    let (a, b) = (Node::ready("a", &redis).await, Node::ready("b", &redis).await);
    let publish = async |node: &Node, id: u32| {
        node.bus.publish_once(Arc::new(message("alice", id)), "k").await.unwrap().duplicate
    };
    assert_eq!((publish(&a, 0).await, publish(&b, 1).await), (false, true));
    a.publish("alice", 2).await;
    b.gets("alice", 2).await;
    assert_eq!(b.got("alice"), ["0", "2"]);
}

#[tokio::test]
async fn keys_of_different_channels_do_not_meet() {
    let (_redis, a, _b) = two_keepers().await;
    for user in ["alice", "bob"] {
        let published = a.bus.publish_once(Arc::new(message(user, 0)), "k").await.unwrap();
        assert!(!published.duplicate);
    }
}

#[tokio::test]
async fn a_redis_that_forgets_the_scripts_loses_nothing() {
    let (redis, a, b) = two_keepers().await;
    for id in 0..300 {
        a.publish("alice", id).await;
        if id % 100 == 50 {
            redis.cli(&["SCRIPT", "FLUSH"]);
        }
    }
    b.gets("alice", 300).await;
    assert_eq!(b.got("alice"), ids(0..300));
}

#[tokio::test]
async fn what_waits_is_appended_before_a_relay_ends() {
    let (_redis, a, b) = two_keepers().await;
    for id in 0..2000 {
        a.publish("alice", id).await;
    }
    a.shutdown.cancel();
    a.bus.closed().await;
    b.gets("alice", 2000).await;
    assert_eq!(b.got("alice"), ids(0..2000));
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_ends() {
    let redis = Redis::start(&[]);
    let a = Node::that_keeps("a", redis.config(), "users=10/300");
    a.reaches(BusState::Ok).await;
    for id in 0..500 {
        a.publish("alice", id).await;
    }
    until("all are kept", || a.bus.counters().published == 500).await;
    let stream = redis.cli(&["KEYS", "relay:default:log:*"]);
    let length: u32 = redis.cli(&["XLEN", &stream]).parse().unwrap();
    assert!((10..=200).contains(&length), "{length} messages");
    let ttl: u32 = redis.cli(&["TTL", &stream]).parse().unwrap();
    assert!((1..=300).contains(&ttl), "{ttl} s");
}

#[tokio::test]
async fn counters_know_what_was_appended() {
    let redis = Redis::start(&[]);
    let a = Node::that_keeps("a", redis.config(), KEPT);
    a.publish("alice", 0).await;
    until("it was confirmed", || a.bus.counters().published == 1).await;
    assert_eq!(a.bus.counters().outbox_items, 0);
}

//! Messages between two relays over a real Redis.

use std::sync::Arc;

use bytes::Bytes;
use relay::bus::Message;
use relay_contract::admin::{BusKind, BusState};

use crate::support::{Node, Redis, ids, message, two_nodes, until};

#[tokio::test]
async fn messages_cross_in_order_both_ways() {
    let (_redis, a, b) = two_nodes().await;
    for id in 0..500 {
        a.publish("alice", id).await;
        b.publish("bob", id).await;
    }
    b.gets("alice", 500).await;
    a.gets("bob", 500).await;
    assert_eq!((b.got("alice"), a.got("bob")), (ids(0..500), ids(0..500)));
}

#[tokio::test]
async fn own_messages_do_not_come_back() {
    let (_redis, a, b) = two_nodes().await;
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    // What b publishes after it has reached a: an own message would have come before it.
    b.publish("alice", 1).await;
    a.gets("alice", 1).await;
    assert_eq!(a.got("alice"), ids(1..2));
}

#[tokio::test]
async fn a_message_arrives_whole() {
    let (_redis, a, b) = two_nodes().await;
    let payload = Bytes::from("{\"text\":\"ü\\r\\n\0\"}".repeat(10_000));
    let sent = Message { payload, ..message("alice", "m") };
    a.bus.publish(Arc::new(sent.clone())).await.unwrap();
    b.gets("alice", 1).await;
    assert_eq!(b.last(), Some(sent));
}

#[tokio::test]
async fn relays_of_the_same_name_are_two_relays() {
    let redis = Redis::start(&[]);
    let (a, b) = (Node::ready("same", &redis).await, Node::ready("same", &redis).await);
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
}

#[tokio::test]
async fn clusters_on_two_databases_of_one_server_do_not_hear_each_other() {
    let (redis, a, b) = two_nodes().await;
    let other = Node::start("c", &format!("{}/1", redis.url()), None);
    other.reaches(BusState::Ok).await;
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    assert!(other.got("alice").is_empty());
}

#[tokio::test]
async fn garbage_on_a_channel_is_counted_and_harms_nothing() {
    let (redis, a, b) = two_nodes().await;
    let channels = redis.cli(&["PUBSUB", "CHANNELS", "relay:default:live:0:*"]);
    for channel in channels.lines() {
        redis.cli(&["PUBLISH", channel, "{\"not\":\"ours\"}"]);
    }
    until("the garbage was counted", || b.bus.counters().garbage == 128).await;
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
}

#[tokio::test]
async fn the_status_tells_the_lag_of_the_probe() {
    let redis = Redis::start(&[]);
    let status = Node::ready("a", &redis).await.bus.status();
    assert_eq!((status.kind, status.reason), (BusKind::Redis, None));
    assert!(status.lag_ms.is_some_and(|lag| lag < 1000));
}

#[tokio::test]
async fn a_relay_sends_what_waits_before_it_ends() {
    let (_redis, a, b) = two_nodes().await;
    for id in 0..2000 {
        a.publish("alice", id).await;
    }
    a.shutdown.cancel();
    a.bus.closed().await;
    b.gets("alice", 2000).await;
    assert_eq!(b.got("alice"), ids(0..2000));
}

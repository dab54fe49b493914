//! What happens when Redis goes away in one of many ways, and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use relay::bus::{self, History, Inbox, Message};
use relay_contract::admin::BusState;
use tokio_util::sync::CancellationToken;

use crate::support::{Node, Redis, free_port, ids, message, one_node, two_nodes, until};

#[tokio::test]
async fn publishes_made_while_redis_is_away_arrive_in_order_after_it_is_back() {
    let mut redis = Redis::start(&[]);
    let nodes =
        [Node::ready("a", &redis).await, Node::ready("b", &redis).await, Node::ready("c", &redis).await];
    let [a, b, c] = &nodes;
    // A probe of each since the last has come: all know how many they are.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    redis.kill();
    a.reaches(BusState::Degraded).await;
    for id in 0..1000 {
        a.publish("alice", id).await;
    }
    assert_eq!(a.bus.counters().outbox_items, 1000);
    redis.revive();
    b.gets("alice", 1000).await;
    c.gets("alice", 1000).await;
    assert_eq!((b.got("alice"), c.got("alice")), (ids(0..1000), ids(0..1000)));
}

#[tokio::test]
async fn a_frozen_redis_is_noticed_within_3_seconds_and_loses_nothing() {
    let (redis, a, b) = two_nodes().await;
    redis.freeze();
    let frozen = Instant::now();
    for id in 0..100 {
        a.publish("alice", id).await;
    }
    a.reaches(BusState::Degraded).await;
    assert!(frozen.elapsed() < Duration::from_secs(3), "noticed after {:?}", frozen.elapsed());
    redis.thaw();
    a.reaches(BusState::Ok).await;
    a.publish("alice", 100).await;
    b.gets("alice", 101).await;
    assert_eq!(b.got("alice"), ids(0..101));
}

#[tokio::test]
async fn pauses_of_redis_under_load_lose_and_double_nothing() {
    let (redis, a, b) = two_nodes().await;
    for id in 0..6000 {
        a.publish("alice", id).await;
        match id % 2000 {
            500 => redis.freeze(),
            1500 => {
                a.reaches(BusState::Degraded).await;
                redis.thaw();
                a.reaches(BusState::Ok).await;
            }
            _ => {}
        }
    }
    b.gets("alice", 6000).await;
    assert_eq!(b.got("alice"), ids(0..6000));
}

/// An inbox that takes its time.
struct Slow(AtomicU64);

impl Inbox for Slow {
    fn receive(&self, _message: Message) {
        std::thread::sleep(Duration::from_millis(4));
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_relay_that_is_behind_is_not_taken_for_a_dead_one() {
    let (redis, a) = one_node().await;
    let slow = Arc::new(Slow(AtomicU64::new(0)));
    let config = redis.config();
    let b = bus::connect(
        config,
        History::default().into(),
        Arc::clone(&slow) as _,
        "b".to_owned(),
        CancellationToken::new(),
    );
    until("b is there", || b.status().state == BusState::Ok).await;
    for id in 0..1000 {
        a.publish("alice", id).await;
    }
    until("all came", || slow.0.load(Ordering::Relaxed) == 1000).await;
    assert_eq!(b.counters().reconnects, 0);
}

#[tokio::test]
async fn killed_subscriptions_come_back() {
    let (redis, a, b) = two_nodes().await;
    redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    b.reaches(BusState::Degraded).await;
    b.reaches(BusState::Ok).await;
    a.reaches(BusState::Ok).await;
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
}

#[tokio::test]
async fn a_killed_command_connection_costs_no_message() {
    let (redis, a, b) = two_nodes().await;
    for id in 0..300 {
        a.publish("alice", id).await;
        if id % 100 == 50 {
            redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
            a.reaches(BusState::Degraded).await;
            a.reaches(BusState::Ok).await;
        }
    }
    b.gets("alice", 300).await;
    assert_eq!((b.got("alice"), b.bus.counters().missed), (ids(0..300), 0));
}

#[tokio::test]
async fn a_wrong_password_is_told_without_the_password() {
    let redis = Redis::start(&["--requirepass", "right-horse"]);
    let node = Node::start("a", &redis.url(), Some("wrong-horse"));
    until("a reason is told", || node.bus.status().reason.is_some()).await;
    let status = node.bus.status();
    let reason = status.reason.unwrap();
    assert_eq!(status.state, BusState::Connecting);
    assert!(reason.contains("WRONGPASS") && !reason.contains("horse"), "{reason}");
}

#[tokio::test]
async fn a_missing_password_is_told() {
    let redis = Redis::start(&["--requirepass", "right-horse"]);
    let node = Node::start("a", &redis.url(), None);
    until("a reason is told", || node.bus.status().reason.is_some_and(|why| why.contains("NOAUTH"))).await;
}

#[tokio::test]
async fn the_right_password_is_accepted() {
    let redis = Redis::start(&["--requirepass", "right-horse"]);
    Node::start("a", &redis.url(), Some("right-horse")).reaches(BusState::Ok).await;
}

#[tokio::test]
async fn a_refused_dial_is_told() {
    let node = Node::start("a", &Redis::url_of(free_port()), None);
    until("a reason is told", || node.bus.status().reason.is_some()).await;
    let reason = node.bus.status().reason.unwrap();
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_counted() {
    let (_redis, a) = one_node().await;
    let large = Message { payload: vec![b' '; 9 << 20].into(), ..message("alice", 0) };
    assert!(a.bus.publish(Arc::new(large)).await.is_err());
    assert_eq!(a.bus.counters().too_large, 1);
}

#[tokio::test]
async fn a_full_outbox_refuses_and_counts() {
    let a = Node::start("a", &Redis::url_of(free_port()), None);
    let large = Message { payload: vec![b' '; 7 << 20].into(), ..message("alice", 0) };
    let large = Arc::new(large);
    for _ in 0..4 {
        a.bus.publish(Arc::clone(&large)).await.unwrap();
    }
    assert!(a.bus.publish(large).await.is_err());
    assert_eq!(a.bus.counters().outbox_full, 1);
}

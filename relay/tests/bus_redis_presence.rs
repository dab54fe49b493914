//! Presence: which channels have connections on another node.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a test fails by panicking, and each file uses a part of the shared support only"
)]

mod bus_support;

use std::time::{Duration, Instant};

use bus_support::{Node, Redis, until};
use relay::bus::Channel;

/// Waits until `node` sees alice elsewhere, or not.
async fn sees(node: &Node, expected: bool) {
    let begin = Instant::now();
    while node.bus.elsewhere(&Channel::user("alice")).await != Ok(expected) {
        assert!(begin.elapsed() < Duration::from_secs(20), "elsewhere is never {expected}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn note(node: &Node, here: bool) {
    node.bus.note(&Channel::user("alice"), here);
}

#[tokio::test]
async fn a_channel_is_elsewhere_while_any_other_node_has_it() {
    let redis = Redis::start(&[]);
    let a = Node::ready("a", &redis).await;
    let (b, c) = (Node::ready("b", &redis).await, Node::ready("c", &redis).await);
    note(&b, true);
    note(&c, true);
    sees(&a, true).await;
    note(&b, false);
    sees(&b, true).await;
    note(&c, false);
    sees(&a, false).await;
}

#[tokio::test]
async fn what_this_node_has_itself_is_not_elsewhere() {
    let redis = Redis::start(&[]);
    let (a, b) = (Node::ready("a", &redis).await, Node::ready("b", &redis).await);
    note(&a, true);
    sees(&b, true).await;
    sees(&a, false).await;
}

#[tokio::test]
async fn presence_is_told_again_after_redis_came_back_empty() {
    let mut redis = Redis::start(&[]);
    let (a, b) = (Node::ready("a", &redis).await, Node::ready("b", &redis).await);
    note(&b, true);
    sees(&a, true).await;
    redis.kill();
    redis.revive();
    sees(&a, true).await;
}

#[tokio::test]
async fn what_went_while_redis_was_away_is_not_told_again() {
    let mut redis = Redis::start(&[]);
    let (a, b) = (Node::ready("a", &redis).await, Node::ready("b", &redis).await);
    note(&b, true);
    sees(&a, true).await;
    redis.kill();
    note(&b, false);
    redis.revive();
    sees(&a, false).await;
}

#[tokio::test]
async fn the_presence_of_a_dead_node_ends_by_itself() {
    let redis = Redis::start(&[]);
    let b = Node::ready("b", &redis).await;
    note(&b, true);
    until("the key is there", || redis.cli(&["DBSIZE"]) == "1").await;
    let key = redis.cli(&["KEYS", "*"]);
    let left: i64 = redis.cli(&["PTTL", &key]).parse().unwrap();
    assert!((1..=30_000).contains(&left), "{left}");
}

#[tokio::test]
async fn many_comings_and_goings_leave_the_truth() {
    let redis = Redis::start(&[]);
    let b = Node::ready("b", &redis).await;
    for round in 0..3 {
        for user in 0..2000 {
            b.bus.note(&Channel::user(&user.to_string()), (user + round) % 2 == 0);
        }
    }
    until("half of them", || redis.cli(&["DBSIZE"]) == "1000").await;
}

//! How much is kept changes while relays run.

use relay::bus::{History, Policy, Resized};
use relay_contract::admin::BusState;

use super::{log, recover, top};
use crate::support::{Node, Redis, until_answered};

/// A node that keeps what the policy says, as text `first`.
async fn keeper(redis: &Redis, first: &str) -> (Node, Policy) {
    let policy = Policy::from(first.parse::<History>().unwrap());
    let node = Node::by_policy("a", redis.config(), policy.clone());
    node.reaches(BusState::Ok).await;
    until_answered("Redis answers", async || node.bus.recover(&log("alice"), None).await.is_ok()).await;
    (node, policy)
}

/// Publishes so many messages to alice and waits for them.
async fn publish(node: &Node, count: usize) {
    let before = node.got("alice").len();
    for id in 0..count {
        node.publish("alice", id).await;
    }
    node.gets("alice", before + count).await;
}

/// A figure of the only stream, by this command.
fn figure(redis: &Redis, command: &str) -> u64 {
    redis.cli(&[command, &redis.keys("log")[0]]).parse().unwrap()
}

#[tokio::test]
async fn a_smaller_size_trims_with_the_next_message() {
    let redis = Redis::start(&[]);
    let (node, policy) = keeper(&redis, "users=1000/300").await;
    publish(&node, 600).await;
    assert_eq!(policy.resize(&"users=1/300".parse().unwrap()), Resized::Whole);
    publish(&node, 1).await;
    // Redis trims whole nodes of a stream, of a hundred entries by default.
    assert!(figure(&redis, "XLEN") <= 200, "{}", figure(&redis, "XLEN"));
}

#[tokio::test]
async fn a_larger_size_keeps_more_from_then_on() {
    let redis = Redis::start(&[]);
    let (node, policy) = keeper(&redis, "users=1/300").await;
    publish(&node, 10).await;
    assert_eq!(policy.resize(&"users=1000/300".parse().unwrap()), Resized::Whole);
    let since = top(&node, "alice").await;
    publish(&node, 600).await;
    let recovered = recover(&node, "alice", Some(since)).await;
    assert_eq!((recovered.complete, recovered.messages.len()), (true, 600));
}

#[tokio::test]
async fn another_time_counts_with_the_next_message() {
    let redis = Redis::start(&[]);
    let (node, policy) = keeper(&redis, "users=1000/300").await;
    publish(&node, 1).await;
    assert_eq!(policy.resize(&"users=1000/3000".parse().unwrap()), Resized::Whole);
    publish(&node, 1).await;
    assert!(figure(&redis, "PTTL") > 300_000);
}

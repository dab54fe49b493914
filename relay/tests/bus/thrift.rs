//! What a message costs Redis, in commands and packets: what keeps the bus fast, told without a clock.

use std::sync::Arc;

use relay_contract::admin::BusState;

use crate::support::{Node, Redis, message, two_nodes};

/// Messages that are published at once.
const MESSAGES: usize = 2000;
/// Commands that probes, renewals and the looks of a test may add: they come by the second.
const OTHERS: usize = MESSAGES / 10;

/// A figure of `INFO`, such as `total_reads_processed`.
fn figure(redis: &Redis, name: &str) -> usize {
    let info = redis.cli(&["INFO", "stats"]);
    let value = info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_else(|| panic!("no {name} in {info}")).parse().unwrap()
}

/// How often this kind of command ran.
fn calls(redis: &Redis, command: &str) -> usize {
    let info = redis.cli(&["INFO", "commandstats"]);
    let prefix = format!("cmdstat_{command}:calls=");
    let calls = info.lines().find_map(|line| line.strip_prefix(&prefix)?.split(',').next());
    calls.map_or(0, |calls| calls.parse().unwrap())
}

/// Publishes without letting any other task of this thread run, and waits until all came to `to`.
async fn publish_at_once(redis: &Redis, from: &Node, to: &Node) {
    redis.cli(&["CONFIG", "RESETSTAT"]);
    for id in 0..MESSAGES {
        from.bus.publish(Arc::new(message("alice", id))).await.unwrap();
    }
    to.gets("alice", MESSAGES).await;
}

async fn keeper(name: &str, redis: &Redis) -> Node {
    let node = Node::that_keeps(name, redis.config(), "users=1000/300");
    node.reaches(BusState::Ok).await;
    node
}

#[tokio::test]
async fn a_message_without_history_is_one_publish_and_no_other_command() {
    let (redis, a, b) = two_nodes().await;
    publish_at_once(&redis, &a, &b).await;
    let all = figure(&redis, "total_commands_processed");
    assert!((MESSAGES..MESSAGES + OTHERS).contains(&all), "{all} commands for {MESSAGES} messages");
}

#[tokio::test]
async fn a_message_with_history_is_one_call_of_a_script() {
    let redis = Redis::start(&[]);
    let (a, b) = (keeper("a", &redis).await, keeper("b", &redis).await);
    publish_at_once(&redis, &a, &b).await;
    let scripts = calls(&redis, "evalsha");
    assert!((MESSAGES..MESSAGES + OTHERS).contains(&scripts), "{scripts} calls for {MESSAGES} messages");
}

#[tokio::test]
async fn messages_that_come_together_share_packets() {
    let (redis, a, b) = two_nodes().await;
    publish_at_once(&redis, &a, &b).await;
    let reads = figure(&redis, "total_reads_processed");
    assert!(reads < MESSAGES / 4, "{reads} reads for {MESSAGES} messages");
}

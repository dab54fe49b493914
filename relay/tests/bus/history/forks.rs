//! A Redis whose replication id changes under open connections, as with its first replica, or again
//! before everyone came back.

use relay_contract::admin::BusState;

use super::{keeper, recover, seqs, top};
use crate::support::{Node, Redis, until};

/// A Redis that can be given another replication id.
fn redis() -> Redis {
    Redis::start(&["--enable-debug-command", "yes"])
}

fn rename(redis: &Redis) {
    assert_eq!(redis.cli(&["DEBUG", "CHANGE-REPL-ID"]), "OK");
}

/// Publishes a message, and waits until it is here.
async fn publish(node: &Node, id: usize) {
    node.publish("alice", id).await;
    node.gets("alice", id + 1).await;
}

#[tokio::test]
async fn a_primary_that_has_another_id_than_before_is_dialed_anew() {
    let redis = redis();
    let node = keeper("a", &redis).await;
    let before = node.bus.counters().reconnects;
    rename(&redis);
    until("it is dialed", || node.bus.counters().reconnects > before).await;
}

#[tokio::test]
async fn nodes_that_know_the_former_id_and_the_new_one_fork_a_history_once() {
    let redis = redis();
    let a = keeper("a", &redis).await;
    let since = top(&a, "alice").await;
    rename(&redis);
    let b = keeper("b", &redis).await;
    for id in 0..100 {
        let node = if id % 2 == 0 { &a } else { &b };
        node.publish("alice", id).await;
        a.gets("alice", id + 1).await;
    }
    let recovered = recover(&b, "alice", Some(since)).await;
    assert_eq!((recovered.complete, seqs(&recovered.messages)), (true, (1..=100).collect()));
}

#[tokio::test]
async fn a_position_is_good_through_several_forks_that_lost_nothing() {
    let redis = redis();
    let node = keeper("a", &redis).await;
    let since = top(&node, "alice").await;
    publish(&node, 0).await;
    for id in 1..4 {
        let before = node.bus.counters().reconnects;
        rename(&redis);
        until("it is dialed", || node.bus.counters().reconnects > before).await;
        node.reaches(BusState::Ok).await;
        publish(&node, id).await;
    }
    let recovered = recover(&node, "alice", Some(since)).await;
    assert_ne!(recovered.top.map(|top| top.epoch), Some(since.epoch));
    assert_eq!((recovered.complete, seqs(&recovered.messages)), (true, vec![1, 2, 3, 4]));
}

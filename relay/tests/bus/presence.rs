//! Presence: which channels have connections on another node.

use relay::bus::Channel;

use crate::support::{Node, one_node, two_nodes, until, until_answered};

/// Waits until `node` sees alice elsewhere, or not.
async fn sees(node: &Node, expected: bool) {
    let alice = Channel::user("alice");
    let what = format!("elsewhere is {expected}");
    until_answered(&what, async || node.bus.elsewhere(&alice).await == Ok(expected)).await;
}

fn note(node: &Node, here: bool) {
    node.bus.note(&Channel::user("alice"), here);
}

#[tokio::test]
async fn a_channel_is_elsewhere_while_any_other_node_has_it() {
    let (redis, a) = one_node().await;
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
    let (_redis, a, b) = two_nodes().await;
    note(&a, true);
    sees(&b, true).await;
    sees(&a, false).await;
}

#[tokio::test]
async fn presence_is_told_again_after_redis_came_back_empty() {
    let (mut redis, a, b) = two_nodes().await;
    note(&b, true);
    sees(&a, true).await;
    redis.kill();
    redis.revive();
    sees(&a, true).await;
}

#[tokio::test]
async fn what_went_while_redis_was_away_is_not_told_again() {
    let (mut redis, a, b) = two_nodes().await;
    note(&b, true);
    sees(&a, true).await;
    redis.kill();
    note(&b, false);
    redis.revive();
    sees(&a, false).await;
}

#[tokio::test]
async fn the_presence_of_a_dead_node_ends_by_itself() {
    let (redis, b) = one_node().await;
    note(&b, true);
    until("the key is there", || redis.keys("presence").len() == 1).await;
    let key = redis.keys("presence").remove(0);
    let left: i64 = redis.cli(&["PTTL", &key]).parse().unwrap();
    assert!((1..=30_000).contains(&left), "{left}");
}

#[tokio::test]
async fn many_comings_and_goings_leave_the_truth() {
    let (redis, b) = one_node().await;
    for round in 0..3 {
        for user in 0..2000 {
            b.bus.note(&Channel::user(&user.to_string()), (user + round) % 2 == 0);
        }
    }
    until("half of them", || redis.keys("presence").len() == 1000).await;
}

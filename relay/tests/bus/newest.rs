//! The newest holder of a name: who comes last has it, whatever clocks say.

use std::time::Duration;

use relay_contract::admin::BusState;

use crate::support::{Node, one_node, two_nodes, until};

const NAME: &str = "newest:alice";

async fn take(node: &Node, id: u64) -> i64 {
    node.bus.take_newest(NAME, id).await.unwrap()
}

async fn loses(node: &Node) {
    until("the name is lost", || node.lost().contains(&NAME.to_owned())).await;
}

#[tokio::test]
async fn x03_each_one_that_takes_a_name_is_later_than_all_before() {
    let (_redis, a, b) = two_nodes().await;
    let mut orders = Vec::new();
    for id in 0..10 {
        orders.push(take(&a, id).await);
        orders.push(take(&b, id).await);
    }
    assert!(orders.is_sorted_by(|before, after| before < after), "{orders:?}");
}

#[tokio::test]
async fn x03_who_had_a_name_learns_that_another_took_it() {
    let (_redis, a, b) = two_nodes().await;
    take(&a, 0).await;
    take(&b, 0).await;
    loses(&a).await;
    assert_eq!(b.lost(), [""; 0]);
}

#[tokio::test]
async fn x03_of_two_that_took_a_name_while_redis_was_away_the_later_one_has_it() {
    let (mut redis, a, b) = two_nodes().await;
    redis.kill();
    for node in [&a, &b] {
        node.reaches(BusState::Degraded).await;
        node.bus.take_newest(NAME, 0).await.unwrap_err();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    redis.revive();
    loses(&a).await;
    assert_eq!(b.lost(), [""; 0]);
}

#[tokio::test]
async fn x03_a_name_that_was_left_is_nobodys() {
    let (redis, a) = one_node().await;
    take(&a, 0).await;
    a.bus.leave_newest(NAME, 0).await;
    assert_eq!(redis.cli(&["KEYS", "*:newest:*"]), "");
}

#[tokio::test]
async fn x03_a_name_that_was_taken_again_is_not_left_by_who_took_it_before() {
    let (redis, a) = one_node().await;
    take(&a, 0).await;
    take(&a, 1).await;
    a.bus.leave_newest(NAME, 0).await;
    assert_ne!(redis.cli(&["KEYS", "*:newest:*"]), "");
}

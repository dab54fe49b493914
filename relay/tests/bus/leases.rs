//! Leases: one node of the cluster holds a name.

use std::time::{Duration, Instant};

use relay::bus::{Claim, Config};
use relay_contract::admin::BusState;

use crate::support::{Node, Redis, one_node, two_nodes, until};

const LEASE: &str = "user:alice";

fn held_by(node: &str) -> Claim {
    Claim::HeldBy(node.to_owned())
}

async fn claim(node: &Node) -> Claim {
    node.bus.claim(LEASE).await.unwrap()
}

#[tokio::test]
async fn a_lease_has_one_holder_at_a_time() {
    let (_redis, a, b) = two_nodes().await;
    assert_eq!((claim(&a).await, claim(&b).await), (Claim::Granted, held_by("a")));
    assert_eq!(b.bus.holder(LEASE).await.unwrap().as_deref(), Some("a"));
}

#[tokio::test]
async fn many_claims_at_once_have_one_winner() {
    let (_redis, a, b) = two_nodes().await;
    for round in 0..50 {
        let lease = format!("user:{round}");
        let (of_a, of_b) = tokio::join!(a.bus.claim(&lease), b.bus.claim(&lease));
        let granted = [of_a, of_b].into_iter().filter(|claim| *claim == Ok(Claim::Granted)).count();
        assert_eq!(granted, 1);
    }
}

#[tokio::test]
async fn what_a_node_holds_it_may_claim_again() {
    for config in ["memory", "redis"] {
        let redis = Redis::start(&[]);
        let node = match config {
            "memory" => Node::with("a", Config::Memory),
            _ => Node::ready("a", &redis).await,
        };
        assert_eq!((claim(&node).await, claim(&node).await), (Claim::Granted, Claim::Granted), "{config}");
    }
}

#[tokio::test]
async fn a_released_lease_has_no_holder() {
    for config in ["memory", "redis"] {
        let redis = Redis::start(&[]);
        let node = match config {
            "memory" => Node::with("a", Config::Memory),
            _ => Node::ready("a", &redis).await,
        };
        claim(&node).await;
        node.bus.release(LEASE).await;
        assert_eq!(node.bus.holder(LEASE).await, Ok(None), "{config}");
    }
}

#[tokio::test]
async fn a_node_cannot_release_what_another_holds() {
    let (_redis, a, b) = two_nodes().await;
    claim(&a).await;
    b.bus.release(LEASE).await;
    assert_eq!(claim(&b).await, held_by("a"));
}

#[tokio::test]
async fn a_pod_that_started_again_does_not_inherit_its_leases() {
    let redis = Redis::start(&[]);
    let (former, again) = (Node::ready("a", &redis).await, Node::ready("a", &redis).await);
    claim(&former).await;
    assert_eq!(claim(&again).await, held_by("a"));
}

#[test]
fn without_scripts_a_dead_nodes_lease_is_free_within_15_seconds_and_a_live_ones_is_not() {
    let redis = Redis::start(&["--user", "b", "on", "nopass", "~*", "&*", "+@all", "-@scripting"]);
    let dying = tokio::runtime::Runtime::new().unwrap();
    let dead = dying.block_on(Node::ready("dead", &redis));
    assert_eq!(dying.block_on(claim(&dead)), Claim::Granted);

    let living = tokio::runtime::Runtime::new().unwrap();
    living.block_on(async {
        let a = Node::ready("a", &redis).await;
        let b = Node::start("b", &redis.url().replace("//", "//b@"), Some("any"));
        b.reaches(BusState::Ok).await;
        a.bus.claim("user:bob").await.unwrap();
        // As a process that is killed: its tasks stop where they are.
        dying.shutdown_background();
        let died = Instant::now();
        while claim(&b).await != Claim::Granted {
            assert!(died.elapsed() < Duration::from_secs(16), "it is still held");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_secs(17).saturating_sub(died.elapsed())).await;
        assert_eq!(b.bus.claim("user:bob").await, Ok(held_by("a")));
    });
}

#[tokio::test]
async fn leases_are_claimed_again_after_redis_came_back_empty() {
    let (mut redis, a) = one_node().await;
    for user in 0..1000 {
        a.bus.claim(&format!("user:{user}")).await.unwrap();
    }
    redis.kill();
    a.reaches(BusState::Degraded).await;
    redis.revive();
    until("all leases are back", || redis.keys("lease").len() == 1000).await;
}

#[tokio::test]
async fn a_claim_fails_with_the_reason_while_redis_is_away() {
    let (mut redis, a) = one_node().await;
    redis.kill();
    a.reaches(BusState::Degraded).await;
    let error = a.bus.claim(LEASE).await.unwrap_err().to_string();
    assert!(error.starts_with("the bus is unavailable: "), "{error}");
}

#[tokio::test]
async fn what_was_claimed_in_vain_is_claimed_when_redis_is_back() {
    let (mut redis, a, b) = two_nodes().await;
    redis.kill();
    a.reaches(BusState::Degraded).await;
    a.bus.claim(LEASE).await.unwrap_err();
    redis.revive();
    until("the lease is taken", || redis.keys("lease").len() == 1).await;
    b.reaches(BusState::Ok).await;
    assert_eq!(claim(&b).await, held_by("a"));
}

#[tokio::test]
async fn x03_of_two_that_go_by_one_name_after_an_outage_the_former_holder_keeps_it() {
    let (mut redis, a, b) = two_nodes().await;
    a.bus.claim(LEASE).await.unwrap();
    redis.kill();
    b.reaches(BusState::Degraded).await;
    b.bus.claim(LEASE).await.unwrap_err();
    redis.revive();
    until("the name is lost", || b.lost() == [LEASE]).await;
    assert_eq!((a.lost(), b.bus.holder(LEASE).await), (vec![], Ok(Some("a".to_owned()))));
}

#[tokio::test]
async fn what_was_claimed_in_vain_and_released_is_not_claimed_later() {
    let (mut redis, a) = one_node().await;
    redis.kill();
    a.reaches(BusState::Degraded).await;
    a.bus.claim(LEASE).await.unwrap_err();
    a.bus.claim("user:bob").await.unwrap_err();
    a.bus.release(LEASE).await;
    redis.revive();
    until("the other lease is taken", || !redis.keys("lease").is_empty()).await;
    assert_eq!(a.bus.holder(LEASE).await, Ok(None));
}

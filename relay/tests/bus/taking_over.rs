//! Leases of processes that are gone, which need not be waited for.

use std::time::{Duration, Instant};

use relay::bus::Claim;
use relay_contract::admin::BusState;
use tokio::runtime::Runtime;

use crate::support::{Node, Redis, Site, until};

const LEASE: &str = "user:alice";
/// Time after which a node knows that whoever is not there now has had the time to come.
const SETTLED: Duration = Duration::from_millis(6500);

fn held_by(node: &str) -> Claim {
    Claim::HeldBy(node.to_owned())
}

/// Whoever claims what a process held that was killed has it long before the lease would have ended.
fn taken_from_the_dead(site: &Site) {
    let (dying, living) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let start = |name| Node::start(name, &site.url(), None);
    let dead = dying.block_on(async { start("dead") });
    let b = living.block_on(async { start("b") });
    dying.block_on(dead.reaches(BusState::Ok));
    living.block_on(async {
        b.reaches(BusState::Ok).await;
        tokio::time::sleep(SETTLED).await;
    });
    let names: Vec<String> = (0..20).map(|number| format!("user:{number}")).collect();
    for name in &names {
        assert_eq!(dying.block_on(dead.bus.claim(name)), Ok(Claim::Granted));
    }
    // As a process that is killed: its tasks stop where they are.
    dying.shutdown_background();
    let died = Instant::now();
    let claims = living.block_on(futures::future::join_all(names.iter().map(|name| b.bus.claim(name))));
    assert!(claims.iter().all(|claim| *claim == Ok(Claim::Granted)), "{claims:?}");
    assert!(died.elapsed() < Duration::from_secs(10), "they ended by themselves");
}

#[test]
fn r000_02_x03_a_dead_nodes_lease_is_taken_over_on_a_single_redis() {
    taken_from_the_dead(&Site::single());
}

#[test]
fn r000_02_x03_a_dead_nodes_lease_is_taken_over_with_sentinels() {
    taken_from_the_dead(&Runtime::new().unwrap().block_on(Site::sentinel()));
}

#[test]
fn r000_02_x03_a_dead_nodes_lease_is_taken_over_on_a_cluster() {
    taken_from_the_dead(&Runtime::new().unwrap().block_on(Site::cluster()));
}

/// A Redis where `a`, who holds the lease, has an account of its own; `b` has been there for a while.
async fn scene() -> (Redis, Node, Node) {
    let redis = Redis::start(&["--user", "a", "on", ">secret", "~*", "&*", "+@all"]);
    let a = Node::start("a", &redis.url().replace("//", "//a@"), Some("secret"));
    a.reaches(BusState::Ok).await;
    let b = Node::ready("b", &redis).await;
    tokio::time::sleep(SETTLED).await;
    assert_eq!(a.bus.claim(LEASE).await, Ok(Claim::Granted));
    (redis, a, b)
}

/// Ends the connections of `a`, which may not come back before it is let in.
async fn cut_off(redis: &Redis, a: &Node) {
    redis.cli(&["ACL", "SETUSER", "a", "off"]);
    redis.cli(&["CLIENT", "KILL", "USER", "a"]);
    a.reaches(BusState::Degraded).await;
}

#[tokio::test]
async fn x03_a_node_that_was_cut_off_and_lost_a_name_is_told_when_it_is_back() {
    let (redis, a, b) = scene().await;
    cut_off(&redis, &a).await;
    assert_eq!(b.bus.claim(LEASE).await, Ok(Claim::Granted));
    assert_eq!(a.lost(), Vec::<String>::new());
    redis.cli(&["ACL", "SETUSER", "a", "on"]);
    until("the name is lost", || a.lost() == [LEASE]).await;
    assert_eq!((b.lost(), b.bus.holder(LEASE).await), (vec![], Ok(Some("b".to_owned()))));
}

#[tokio::test]
async fn x03_a_node_that_comes_back_at_once_keeps_its_names() {
    let (redis, a, b) = scene().await;
    redis.cli(&["CLIENT", "KILL", "USER", "a"]);
    assert_eq!(b.bus.claim(LEASE).await, Ok(held_by("a")));
    assert_eq!(a.lost(), Vec::<String>::new());
}

#[tokio::test]
async fn x03_nobody_is_taken_for_gone_by_a_node_that_was_away_itself() {
    let (redis, a, b) = scene().await;
    cut_off(&redis, &a).await;
    redis.cli(&["CLIENT", "KILL", "TYPE", "normal", "USER", "default"]);
    redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    until("b was away", || b.bus.counters().reconnects > 0).await;
    b.reaches(BusState::Ok).await;
    assert_eq!(b.bus.claim(LEASE).await, Ok(held_by("a")));
}

//! What is kept of sessions, by the rules of either bus.

use std::time::Duration;

use relay::bus::{Config, Snapshot};

use crate::support::{Node, Redis, two_nodes, until_answered};

const ID: &str = "0123456789abcdef";

fn snapshot(life: u64, value: Option<&str>) -> Snapshot {
    let ttl = Duration::from_secs(60);
    Snapshot { id: ID.to_owned(), life, value: value.map(str::to_owned), ttl }
}

async fn keep(node: &Node, snapshot: Snapshot) -> bool {
    node.bus.keep_snapshots(&[snapshot]).await.unwrap() == [true]
}

/// Life and value of the session in its next life.
async fn revive(node: &Node) -> Option<(u64, String)> {
    let revived = node.bus.revive(ID).await.unwrap()?;
    Some((revived.life, revived.value.unwrap()))
}

/// A node on each bus, with what it needs.
async fn each() -> [(Option<Redis>, Node); 2] {
    let redis = Redis::start(&[]);
    let node = Node::ready("a", &redis).await;
    [(None, Node::with("a", Config::Memory)), (Some(redis), node)]
}

#[tokio::test]
async fn a_session_goes_on_in_another_life() {
    for (_redis, node) in each().await {
        assert!(keep(&node, snapshot(1, Some("first"))).await);
        assert_eq!(revive(&node).await, Some((2, "first".to_owned())));
        assert!(keep(&node, snapshot(2, Some("second"))).await);
        assert_eq!(revive(&node).await, Some((3, "second".to_owned())));
    }
}

#[tokio::test]
async fn what_an_earlier_life_has_to_say_counts_no_more() {
    for (_redis, node) in each().await {
        keep(&node, snapshot(1, Some("first"))).await;
        revive(&node).await;
        for late in [Some("late"), None] {
            assert!(!keep(&node, snapshot(1, late)).await);
        }
        assert_eq!(revive(&node).await, Some((3, "first".to_owned())));
    }
}

#[tokio::test]
async fn a_session_that_is_forgotten_or_unknown_does_not_go_on() {
    for (_redis, node) in each().await {
        assert_eq!(revive(&node).await, None);
        keep(&node, snapshot(1, Some("first"))).await;
        assert!(keep(&node, snapshot(1, None)).await);
        assert_eq!(revive(&node).await, None);
    }
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    for (_redis, node) in each().await {
        let brief = Snapshot { ttl: Duration::from_millis(50), ..snapshot(1, Some("first")) };
        keep(&node, brief).await;
        until_answered("the end of the session", async || revive(&node).await.is_none()).await;
    }
}

#[tokio::test]
async fn of_two_nodes_that_a_client_comes_to_each_has_a_life_of_its_own() {
    let (_redis, a, b) = two_nodes().await;
    keep(&a, snapshot(1, Some("first"))).await;
    let (of_a, of_b) = tokio::join!(revive(&a), revive(&b));
    let (of_a, of_b) = (of_a.unwrap().0, of_b.unwrap().0);
    assert_eq!(of_a + of_b, 2 + 3);
    let (later, earlier) = if of_a > of_b { (&a, &b) } else { (&b, &a) };
    assert!(keep(later, snapshot(3, Some("later"))).await);
    assert!(!keep(earlier, snapshot(2, Some("earlier"))).await);
}

#[tokio::test]
async fn many_sessions_are_kept_at_once() {
    let (_redis, a, _b) = two_nodes().await;
    let each = |number: usize| Snapshot { id: format!("{number:016x}"), ..snapshot(1, Some("value")) };
    let snapshots: Vec<_> = (0..1000).map(each).collect();
    assert_eq!(a.bus.keep_snapshots(&snapshots).await.unwrap(), vec![true; 1000]);
    assert!(a.bus.revive(&snapshots[999].id).await.unwrap().is_some());
}

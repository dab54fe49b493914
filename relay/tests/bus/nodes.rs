//! Which relays are alive, and the secret that they share.

use relay::bus::NODE_TTL_SECONDS;

use crate::support::{Node, Redis, one_node, two_nodes, until_answered};

/// Names and addresses of the nodes that `node` knows of.
async fn nodes(node: &Node) -> Vec<(String, Option<String>)> {
    let nodes = node.bus.nodes().await.unwrap_or_default();
    nodes.into_iter().map(|node| (node.name, node.address)).collect()
}

fn announce(node: &Node, address: &str) {
    node.bus.announce(Some(address.to_owned()));
}

async fn knows(node: &Node, expected: &[&str]) {
    until_answered(&format!("the nodes are {expected:?}"), async || {
        nodes(node).await.iter().map(|(name, _)| name.as_str()).eq(expected.iter().copied())
    })
    .await;
}

#[tokio::test]
async fn nodes_know_each_other_and_their_addresses() {
    let (_redis, a, b) = two_nodes().await;
    announce(&a, "10.0.0.1:8080");
    announce(&b, "10.0.0.2:8080");
    knows(&a, &["a", "b"]).await;
    let address = nodes(&a).await.into_iter().find(|(name, _)| name == "b").and_then(|(_, address)| address);
    assert_eq!(address.as_deref(), Some("10.0.0.2:8080"));
}

#[tokio::test]
async fn a_node_that_ends_is_gone_at_once() {
    let (_redis, a, b) = two_nodes().await;
    announce(&a, "10.0.0.1:8080");
    announce(&b, "10.0.0.2:8080");
    knows(&a, &["a", "b"]).await;
    b.shutdown.cancel();
    b.bus.closed().await;
    knows(&a, &["a"]).await;
}

#[tokio::test]
async fn a_node_that_died_is_gone_when_its_key_ends() {
    let (redis, a) = one_node().await;
    announce(&a, "10.0.0.1:8080");
    knows(&a, &["a"]).await;
    let tag = redis.cli(&["--scan", "--pattern", "relay:default:nodes:*"]);
    let key = format!("{}:dead", tag.replace(":nodes:", ":node:"));
    let told = r#"{"name":"dead","incarnation":"0","address":null,"started":0}"#;
    redis.cli(&["SADD", &tag, "dead"]);
    redis.cli(&["SET", &key, told, "PX", "300"]);
    knows(&a, &["a", "dead"]).await;
    knows(&a, &["a"]).await;
    assert_eq!(redis.cli(&["SMEMBERS", &tag]), "a");
}

#[tokio::test]
async fn the_key_of_a_node_that_is_killed_has_15_seconds_to_live() {
    let (redis, a) = one_node().await;
    announce(&a, "10.0.0.1:8080");
    knows(&a, &["a"]).await;
    let key = redis.cli(&["--scan", "--pattern", "relay:default:node:*"]);
    let left: u64 = redis.cli(&["TTL", &key]).parse().unwrap();
    assert!((1..=NODE_TTL_SECONDS).contains(&left), "{left}");
}

#[tokio::test]
async fn a_node_under_the_name_of_a_former_one_replaces_it() {
    let (redis, a) = one_node().await;
    announce(&a, "10.0.0.1:1");
    knows(&a, &["a"]).await;
    let later = Node::ready("a", &redis).await;
    announce(&later, "10.0.0.1:2");
    until_answered("the later address", async || {
        nodes(&a).await == [("a".to_owned(), Some("10.0.0.1:2".to_owned()))]
    })
    .await;
    a.shutdown.cancel();
    a.bus.closed().await;
    knows(&later, &["a"]).await;
}

#[tokio::test]
async fn nodes_are_known_again_after_redis_came_back_empty() {
    let (mut redis, a, b) = two_nodes().await;
    announce(&a, "10.0.0.1:8080");
    announce(&b, "10.0.0.2:8080");
    knows(&a, &["a", "b"]).await;
    redis.kill();
    redis.revive();
    knows(&a, &["a", "b"]).await;
}

async fn secret(node: &Node) -> String {
    let told = async || node.bus.cluster_secret().await.ok().flatten();
    until_answered("a secret", async || told().await.is_some()).await;
    told().await.unwrap().expose().to_owned()
}

#[tokio::test]
async fn nodes_share_one_secret() {
    let (_redis, a, b) = two_nodes().await;
    let (one, other) = tokio::join!(secret(&a), secret(&b));
    assert_eq!((one.len(), &one), (64, &other));
}

#[tokio::test]
async fn clusters_on_one_redis_have_different_secrets() {
    let redis = Redis::start(&[]);
    let one = Node::in_namespace("one", "a", &redis.url(), None);
    let other = Node::in_namespace("other", "a", &redis.url(), None);
    assert_ne!(secret(&one).await, secret(&other).await);
}

#[tokio::test]
async fn the_secret_survives_a_redis_that_came_back_empty() {
    let (mut redis, a, b) = two_nodes().await;
    let before = secret(&a).await;
    secret(&b).await;
    redis.kill();
    redis.revive();
    assert_eq!((secret(&b).await, secret(&a).await), (before.clone(), before));
}

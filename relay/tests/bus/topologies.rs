//! Which server of a topology is used, and with which account.

use relay::bus::{Config, Login, Password, Secret};
use relay_contract::admin::BusState;

use crate::support::{Cluster, Node, Redis, Sentinels, config_of, free_port, until};

async fn tells(node: &Node, part: &str) -> String {
    let reason = || node.bus.status().reason.unwrap_or_default();
    until(&format!("a reason with {part}"), || reason().contains(part)).await;
    reason()
}

#[tokio::test]
async fn a_replica_is_not_used() {
    let primary = Redis::start(&[]);
    let replica = Redis::replica_of(&primary, &[]);
    let node = Node::start("a", &replica.url(), None);
    tells(&node, "replica").await;
    assert_eq!(node.bus.status().state, BusState::Connecting);
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_left_until_it_is_one_again() {
    let redis = Redis::start(&[]);
    let node = Node::ready("a", &redis).await;
    redis.cli(&["REPLICAOF", "127.0.0.1", &free_port().to_string()]);
    tells(&node, "replica").await;
    redis.cli(&["REPLICAOF", "NO", "ONE"]);
    node.reaches(BusState::Ok).await;
}

#[tokio::test]
async fn a_sentinel_in_place_of_redis_is_told() {
    let sentinels = Sentinels::start(1).await;
    let node = Node::start("a", &sentinels.sentinels[0].url(), None);
    tells(&node, "redis+sentinel://").await;
}

#[tokio::test]
async fn a_name_that_no_sentinel_knows_is_told() {
    let sentinels = Sentinels::start(1).await;
    let node = Node::start("a", &sentinels.url().replace("master=", "master=other-"), None);
    tells(&node, "knows no primary called other-").await;
}

#[tokio::test]
async fn sentinels_that_are_away_are_passed_over() {
    let mut sentinels = Sentinels::start(1).await;
    sentinels.sentinels[0].kill();
    sentinels.sentinels[1].freeze();
    Node::start("a", &sentinels.url(), None).reaches(BusState::Ok).await;
    sentinels.sentinels[1].thaw();
}

/// A primary with one password, and sentinels with another.
async fn guarded() -> Sentinels {
    let lines = "requirepass of-sentinel\nsentinel auth-pass MASTER of-redis";
    Sentinels::start_with(1, &["--requirepass", "of-redis", "--masterauth", "of-redis"], lines).await
}

fn guarded_config(url: &str, password: &str) -> Config {
    let Config::Redis {
        url, url_file, password: of_redis, namespace, authorities, max_retries, pool, ..
    } = config_of(url, Some("of-redis"), "default")
    else {
        unreachable!()
    };
    let sentinel = Login { username: None, password: Some(Password::Fixed(Secret::new(password))) };
    Config::Redis { url, url_file, password: of_redis, sentinel, namespace, authorities, max_retries, pool }
}

#[tokio::test]
async fn sentinels_may_have_a_password_of_their_own() {
    let sentinels = guarded().await;
    Node::with("a", guarded_config(&sentinels.url(), "of-sentinel")).reaches(BusState::Ok).await;
}

#[tokio::test]
async fn a_wrong_password_of_sentinels_is_told_without_it() {
    let sentinels = guarded().await;
    let node = Node::with("a", guarded_config(&sentinels.url(), "wrong-horse"));
    let reason = tells(&node, "WRONGPASS").await;
    assert!(reason.contains("sentinel 127.0.0.1:") && !reason.contains("horse"), "{reason}");
}

#[tokio::test]
async fn a_cluster_of_which_one_named_node_lives_is_found() {
    let mut cluster = Cluster::start().await;
    let replica = cluster.replica(1).unwrap();
    cluster.nodes[replica].kill();
    let ports = [cluster.nodes[replica].port(), cluster.nodes[1].port()];
    let url = format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", ports[0], ports[1]);
    Node::start("a", &url, None).reaches(BusState::Ok).await;
}

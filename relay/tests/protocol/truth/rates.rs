//! Quotas of the whole cluster (requirements 003-01, 003-20 and 004-14).

use std::time::Duration;

use crate::cluster::Redis;
use crate::support::{TestRelay, until};

/// How many of `count` connection tokens for alice a relay gives.
async fn tokens(relay: &TestRelay, count: usize) -> usize {
    let mut given = 0;
    for _ in 0..count {
        let url = relay.url("/api/v1/auth/ws-connection-token/?user_id=alice");
        given += usize::from(reqwest::get(url).await.unwrap().status() == 200);
    }
    given
}

/// Two relays that give so many tokens a minute.
async fn pair(redis: &Redis, more: &[(&str, &str)]) -> (TestRelay, TestRelay) {
    let settings = [&[("TOKEN_RATE_LIMIT", "20")], more].concat();
    (redis.relay_with("a", &settings).await, redis.relay_with("b", &settings).await)
}

#[tokio::test]
async fn r003_01_a_user_who_goes_from_node_to_node_has_one_quota() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[]).await;
    assert_eq!(tokens(&a, 25).await, 20);
    let mut given = 0;
    until("a refusal on the other node", async || {
        let one = tokens(&b, 1).await;
        given += one;
        tokio::time::sleep(Duration::from_millis(100)).await;
        one == 0
    })
    .await;
    // What was given before the news came, on a machine that does other things, too.
    assert!(given < 20, "{given}");
}

#[tokio::test]
async fn r003_01_a_user_on_two_nodes_at_once_gets_two_quotas_at_most_and_owes_one() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[]).await;
    let (of_a, of_b) = tokio::join!(tokens(&a, 40), tokens(&b, 40));
    assert!((20..=40).contains(&(of_a + of_b)), "{of_a} and {of_b}");
    for relay in [&a, &b] {
        until("nothing left", async || tokens(relay, 1).await == 0).await;
    }
}

#[tokio::test]
async fn r003_01_quotas_can_be_those_of_each_node() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[("RATE_LIMIT_SCOPE", "node")]).await;
    assert_eq!(tokens(&a, 25).await, 20);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(tokens(&b, 25).await, 20);
}

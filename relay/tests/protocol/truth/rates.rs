//! Quotas of the whole cluster (requirements 003-01, 003-20 and 004-14).

use std::time::Duration;

use crate::cluster::Redis;
use crate::support::{TestRelay, until};

/// Tokens a minute that relays of these tests give a user.
pub(crate) const QUOTA: (&str, &str) = ("TOKEN_RATE_LIMIT", "20");

/// How many of `count` connection tokens for `user` a relay gives.
async fn tokens(relay: &TestRelay, user: &str, count: usize) -> usize {
    let mut given = 0;
    for _ in 0..count {
        let url = relay.url(&format!("/api/v1/auth/ws-connection-token/?user_id={user}"));
        given += usize::from(reqwest::get(url).await.unwrap().status() == 200);
    }
    given
}

/// Two relays that give so many tokens a minute.
async fn pair(redis: &Redis, more: &[(&str, &str)]) -> (TestRelay, TestRelay) {
    let settings = [&[QUOTA], more].concat();
    (redis.relay_with("a", &settings).await, redis.relay_with("b", &settings).await)
}

/// Proves that `user`, who has all of its quota yet, has one on both relays together.
pub(crate) async fn has_one_quota(user: &str, a: &TestRelay, b: &TestRelay) {
    assert_eq!(tokens(a, user, 25).await, 20);
    let mut given = 0;
    until("a refusal on the other node", async || {
        let one = tokens(b, user, 1).await;
        given += one;
        tokio::time::sleep(Duration::from_millis(100)).await;
        one == 0
    })
    .await;
    // What was given before the news came, on a machine that does other things, too.
    assert!(given < 20, "{given}");
}

#[tokio::test]
async fn r003_01_a_user_who_goes_from_node_to_node_has_one_quota() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[]).await;
    has_one_quota("alice", &a, &b).await;
}

#[tokio::test]
async fn r003_01_a_user_on_two_nodes_at_once_gets_two_quotas_at_most_and_owes_one() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[]).await;
    let (of_a, of_b) = tokio::join!(tokens(&a, "alice", 40), tokens(&b, "alice", 40));
    assert!((20..=40).contains(&(of_a + of_b)), "{of_a} and {of_b}");
    for relay in [&a, &b] {
        until("nothing left", async || tokens(relay, "alice", 1).await == 0).await;
    }
}

#[tokio::test]
async fn r003_01_quotas_can_be_those_of_each_node() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[("RATE_LIMIT_SCOPE", "node")]).await;
    assert_eq!(tokens(&a, "alice", 25).await, 20);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(tokens(&b, "alice", 25).await, 20);
}

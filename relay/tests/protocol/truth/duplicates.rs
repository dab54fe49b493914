//! One socket of each user (requirement 000-02, conflict X-03).

use std::time::{Duration, Instant};

use serde_json::json;

use super::lose;
use crate::cluster::Redis;
use crate::support::{Client, Process, Received, until};

const REPLACE: [(&str, &str); 1] = [("DUPLICATE_POLICY", "replace")];

fn refused() -> Received {
    Received::Close(1008, "User already connected".to_owned())
}

fn replaced() -> Received {
    Received::Close(1008, "Replaced by a newer connection".to_owned())
}

#[tokio::test]
async fn r000_02_x03_of_two_sockets_that_an_outage_let_in_the_former_stays() {
    let mut redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut former = a.socket("alice").await;
    lose(&mut redis, [&a, &b]).await;
    let mut later = b.socket("alice").await;
    assert_eq!(later.next_or_silence().await, None);
    redis.revive();
    assert_eq!(later.next().await, refused());
    assert_eq!(former.next_or_silence().await, None);
}

#[tokio::test]
async fn r000_02_x03_of_two_sockets_that_began_in_an_outage_one_stays() {
    let mut redis = Redis::start();
    let (a, b) = redis.pair().await;
    lose(&mut redis, [&a, &b]).await;
    let (mut one, mut other) = (a.socket("alice").await, b.socket("alice").await);
    redis.revive();
    let ended = tokio::select! {
        ended = one.next() => ended,
        ended = other.next() => ended,
    };
    assert_eq!(ended, refused());
    let total = async || {
        let count = |status: serde_json::Value| status["connections"]["total"].as_u64().unwrap();
        count(a.status().await) + count(b.status().await)
    };
    until("one socket", async || total().await == 1).await;
}

#[tokio::test]
#[ignore = "takes half a minute; cargo test -p relay --test protocol truth -- --ignored"]
async fn r000_02_x03_a_redis_that_stood_still_for_longer_than_a_lease_leaves_one_socket() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut former = a.socket("alice").await;
    redis.signal("-STOP").await;
    super::is_degraded(&b, true).await;
    let mut later = b.socket("alice").await;
    tokio::time::sleep(Duration::from_secs(16)).await;
    redis.signal("-CONT").await;
    assert_eq!(later.next().await, refused());
    assert_eq!(former.next_or_silence().await, None);
}

#[tokio::test]
async fn r000_06_of_two_requests_that_an_outage_let_in_one_is_told_that_the_other_waits() {
    let mut redis = Redis::start();
    let (a, b) = redis.pair().await;
    lose(&mut redis, [&a, &b]).await;
    let (_alice, _other) = (a.stream("alice").await, b.stream("alice").await);
    let ask = async |relay: &crate::support::TestRelay| {
        let body = json!({"user_id": "alice", "data": {}, "correlation_id": "c1"});
        let request = reqwest::Client::new().post(relay.url("/sse/send")).json(&body);
        crate::support::Events::from(request.send().await.unwrap())
    };
    let (mut one, mut other) = (ask(&a).await, ask(&b).await);
    redis.revive();
    let told = tokio::select! {
        told = one.json() => told,
        told = other.json() => told,
    };
    assert_eq!(told["error"], "another request to this user waits for answers with this correlation_id");
}

#[tokio::test]
async fn x03_a_newer_socket_on_another_node_replaces_one_whatever_came_of_an_outage() {
    let mut redis = Redis::start();
    let (a, b) = (redis.relay_with("a", &REPLACE).await, redis.relay_with("b", &REPLACE).await);
    let mut former = a.socket("alice").await;
    lose(&mut redis, [&a, &b]).await;
    let mut newer = b.socket("alice").await;
    redis.revive();
    assert_eq!(former.next().await, replaced());
    assert_eq!(newer.next_or_silence().await, None);
}

#[tokio::test]
async fn x03_sockets_that_replace_each_other_on_two_nodes_leave_the_last_one() {
    let redis = Redis::start();
    let (a, b) = (redis.relay_with("a", &REPLACE).await, redis.relay_with("b", &REPLACE).await);
    let mut last = a.socket("alice").await;
    for round in 0..20 {
        let next = if round % 2 == 0 { b.socket("alice").await } else { a.socket("alice").await };
        let mut former = std::mem::replace(&mut last, next);
        assert_eq!(former.next().await, replaced(), "{round}");
    }
    assert_eq!(last.next_or_silence().await, None);
}

/// A process on `redis` that is killed at once, with SIGKILL, after `alice` connected to it.
async fn killed_with_alice(redis: &Redis) -> Instant {
    let settings = [("REDIS_URL", &*redis.url), ("NODE_NAME", "dead")];
    let process = Process::start(&settings).await;
    until("a ready process", async || {
        let health: serde_json::Value =
            reqwest::get(process.url("/health")).await.unwrap().json().await.unwrap();
        health["components"]["redis"] == "healthy"
    })
    .await;
    let mut alice = process.socket("alice").await;
    assert_eq!(alice.next_or_silence().await, None);
    drop(process);
    Instant::now()
}

#[tokio::test]
async fn r000_02_x03_a_user_of_a_killed_relay_is_let_in_by_another_before_the_lease_ends() {
    let redis = Redis::start();
    let b = redis.relay("b").await;
    // So long it takes whoever is away for a moment.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let died = killed_with_alice(&redis).await;
    let again = async || {
        let mut alice: Client = b.socket("alice").await;
        alice.next_or_silence().await.is_none()
    };
    while !again().await {
        assert!(died.elapsed() < Duration::from_secs(12), "the user is still kept out");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

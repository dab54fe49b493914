//! So many connections of each player on all nodes together (requirement 004-15, conflict X-03).

use std::time::{Duration, Instant};

use serde_json::json;

use super::lose;
use crate::cluster::Redis;
use crate::support::{Client, Events, Process, Received, TestRelay, until};

pub(crate) const TWO: [(&str, &str); 1] = [("MAX_CONNECTIONS_PER_PLAYER", "2")];

fn too_many() -> Received {
    Received::Close(1008, "Too many connections".to_owned())
}

async fn pair(redis: &Redis, settings: &[(&str, &str)]) -> (TestRelay, TestRelay) {
    (redis.relay_with("a", settings).await, redis.relay_with("b", settings).await)
}

async fn socket(relay: &TestRelay, player: &str) -> Client {
    Client::connect(&format!("ws://{}/ws/{player}", relay.address)).await
}

/// Places that a relay gave without asking Redis.
async fn unasked(relay: &TestRelay) -> String {
    let figures = reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap();
    figures.lines().find(|line| line.contains("place_unasked")).unwrap().to_owned()
}

/// Proves that `player`, who has no connection, may have two on both relays together.
pub(crate) async fn has_two_places(player: &str, a: &TestRelay, b: &TestRelay) {
    let (_one, _two) = (socket(a, player).await, b.stream(player).await);
    let third = socket(a, player).await.next().await;
    assert_eq!(third, too_many(), "{} and {}", unasked(a).await, unasked(b).await);
    let refused = reqwest::get(b.url(&format!("/sse/{player}"))).await.unwrap();
    let node = refused.headers()["x-relay-node"].to_str().unwrap();
    assert_eq!((refused.status().as_u16(), json!(node)), (429, b.status().await["node"].clone()));
    assert_eq!(refused.text().await.unwrap(), r#"{"error":"Too many connections"}"#);
}

#[tokio::test]
async fn r004_15_a_player_has_so_many_connections_on_all_nodes_together() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &TWO).await;
    has_two_places("alice", &a, &b).await;
}

#[tokio::test]
async fn r004_15_who_leaves_one_node_may_come_to_another() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[("MAX_CONNECTIONS_PER_PLAYER", "1")]).await;
    for _ in 0..5 {
        socket(&a, "alice").await.close().await;
        let mut next = socket(&b, "alice").await;
        assert_eq!(next.next_or_silence().await, None);
        next.close().await;
    }
}

#[tokio::test]
async fn r004_25_a_new_session_on_another_node_has_all_places() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[("MAX_CONNECTIONS_PER_PLAYER", "1")]).await;
    let mut former = Client::connect(&format!("ws://{}/ws/alice?session_id=s1", a.address)).await;
    let mut new = Client::connect(&format!("ws://{}/ws/alice?session_id=s2", b.address)).await;
    assert_eq!(former.json().await["session_id"], "s2");
    assert_eq!(new.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_15_while_redis_is_away_each_nodes_own_cap_holds_and_all_connections_stay() {
    let mut redis = Redis::start();
    let (a, b) = pair(&redis, &TWO).await;
    let mut first = socket(&a, "alice").await;
    lose(&mut redis, [&a, &b]).await;
    let (mut second, mut third) = (socket(&a, "alice").await, socket(&b, "alice").await);
    assert_eq!(socket(&a, "alice").await.next().await, too_many());
    redis.revive();
    for relay in [&a, &b] {
        super::is_degraded(relay, false).await;
    }
    // The cluster has too many now: nobody ends, and nobody else is let in.
    until("a refusal", async || socket(&b, "alice").await.next_or_silence().await == Some(too_many())).await;
    for connection in [&mut first, &mut second, &mut third] {
        assert_eq!(connection.next_or_silence().await, None);
    }
}

#[tokio::test]
async fn x03_a_user_who_may_have_two_sockets_has_them_on_all_nodes_together() {
    let redis = Redis::start();
    let (a, b) = pair(&redis, &[TWO[0], ("DUPLICATE_POLICY", "allow")]).await;
    let (_one, _two) = (a.socket("alice").await, b.socket("alice").await);
    assert_eq!(a.socket("alice").await.next().await, too_many());
}

#[tokio::test]
async fn r004_15_places_of_a_killed_relay_are_free_within_15_seconds() {
    let redis = Redis::start();
    let own = [("REDIS_URL", &*redis.url), ("NODE_NAME", "dead"), ("MAX_CONNECTIONS_PER_PLAYER", "1")];
    let process = Process::start(&own).await;
    until("a place in Redis", async || {
        // Until the process has its link, it decides by itself.
        drop(Events::get(&process.url("/sse/bob")).await);
        !redis.cli(&["KEYS", "*:places:*"]).await.is_empty()
    })
    .await;
    let _alice = Events::get(&process.url("/sse/alice")).await;
    let b = redis.relay_with("b", &[("MAX_CONNECTIONS_PER_PLAYER", "1")]).await;
    assert_eq!(socket(&b, "alice").await.next().await, too_many());
    drop(process);
    let died = Instant::now();
    while socket(&b, "alice").await.next_or_silence().await.is_some() {
        // Two seconds for the tries themselves, on a machine that does other things, too.
        assert!(died.elapsed() < Duration::from_secs(17), "the player is still kept out");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

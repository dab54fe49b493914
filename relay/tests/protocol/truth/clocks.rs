//! Nodes whose clocks differ by ten minutes: what came last wins all the same.

use crate::cluster::Redis;
use crate::pressure::clock::library;
use crate::support::{Client, Process, Received, until};

/// A relay on `redis` whose clock is off, with its link to Redis.
async fn with_clock(redis: &Redis, off: &str, more: &[(&str, &str)]) -> Process {
    let library = library();
    let own = [
        ("LD_PRELOAD", &*library),
        ("FAKETIME", off),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("REDIS_URL", &redis.url),
        ("NODE_NAME", "off"),
    ];
    let process = Process::start(&[&own, more].concat()).await;
    until("a link to Redis", async || {
        let health = reqwest::get(process.url("/health")).await.unwrap().json::<serde_json::Value>().await;
        health.unwrap()["components"]["redis"] == "healthy"
    })
    .await;
    process
}

async fn player(port: u16, session: &str) -> Client {
    Client::connect(&format!("ws://127.0.0.1:{port}/ws/alice?session_id={session}")).await
}

#[tokio::test]
async fn r004_25_the_last_session_wins_whichever_clock_is_ahead() {
    for off in ["+10m", "-10m"] {
        let redis = Redis::start();
        let (a, b) = (with_clock(&redis, off, &[]).await, redis.relay("b").await);
        let mut former = player(a.port, "s1").await;
        let mut middle = player(b.address.port(), "s2").await;
        assert_eq!(former.close_code().await, 1008, "{off}");
        let mut last = player(a.port, "s3").await;
        assert_eq!(middle.close_code().await, 1008, "{off}");
        assert_eq!(last.next_or_silence().await, None, "{off}");
    }
}

#[tokio::test]
async fn x03_the_last_socket_wins_whichever_clock_is_ahead() {
    let replace = [("DUPLICATE_POLICY", "replace")];
    for off in ["+10m", "-10m"] {
        let redis = Redis::start();
        let (a, b) = (with_clock(&redis, off, &replace).await, redis.relay_with("b", &replace).await);
        let mut former = a.socket("alice").await;
        let mut middle = b.socket("alice").await;
        let replaced = Received::Close(1008, "Replaced by a newer connection".to_owned());
        assert_eq!(former.next().await, replaced, "{off}");
        let mut last = a.socket("alice").await;
        assert_eq!(middle.next().await, replaced, "{off}");
        assert_eq!(last.next_or_silence().await, None, "{off}");
    }
}

//! The Redis of the bus.

use crate::cluster::Redis;
use crate::support::{Client, until};

#[tokio::test]
async fn x17_r004_26_a_session_in_redis_survives_the_end_of_all_nodes() {
    let redis = Redis::start();
    let first = redis.relay("a").await;
    let _socket = Client::connect(&format!("ws://{}/ws/alice?session_id=s1", first.address)).await;
    until("the key", async || !keys(&redis).await.is_empty()).await;
    drop(first);
    let second = redis.relay("b").await;
    assert_eq!(second.get("/api/connections/alice/session").await["session_id"], "s1");
}

#[tokio::test]
async fn x17_a_session_in_redis_ends_by_itself() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let _socket = Client::connect(&format!("ws://{}/ws/alice?session_id=s1", relay.address)).await;
    until("the key", async || !keys(&redis).await.is_empty()).await;
    let seconds: u64 = redis.cli(&["TTL", &keys(&redis).await]).await.parse().unwrap();
    assert!((604_000..=604_800).contains(&seconds), "{seconds}");
}

async fn keys(redis: &Redis) -> String {
    redis.cli(&["KEYS", "relay:default:session:*:alice"]).await
}

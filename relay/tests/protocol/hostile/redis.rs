//! What others publish on the channels that relays talk by.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::cluster::Redis;
use crate::support::until;

/// Publishes bytes, which `redis-cli` takes from its input.
fn publish(redis: &Redis, channel: &str, bytes: &[u8]) {
    let mut cli = Command::new("redis-cli")
        .args(["-u", &redis.url, "-x", "publish", channel])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    cli.stdin.take().unwrap().write_all(bytes).unwrap();
    assert!(cli.wait().unwrap().success());
}

/// A frame of the wire that says `channel` and `payload`, of a node that nobody knows.
fn forged(channel: &str, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![1];
    frame.extend_from_slice(&1_u64.to_be_bytes());
    frame.extend_from_slice(&[9; 8]);
    frame.extend_from_slice(&[0xff; 16]);
    for text in ["nobody", "id\r\ndata: evil", channel, "evil\n\nevent: x"] {
        frame.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(text.as_bytes());
    }
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn what_is_no_message_of_a_relay_is_counted_and_harms_nobody() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = b.socket("alice").await;
    let _stream = b.stream("alice").await;
    let channels = redis.cli(&["pubsub", "channels", "relay:*"]).await;
    let channels: Vec<&str> = channels.lines().filter(|channel| !channel.contains("probe")).collect();
    let garbage: [&[u8]; 6] = [b"", b"\x01", b"\x02rest", b"{\"event\":1}", &[0xff; 200], &[0; 100_000]];
    for channel in channels.iter().take(3).chain(channels.iter().rev().take(1)) {
        for bytes in garbage {
            publish(&redis, channel, bytes);
        }
    }
    // Text that is not UTF-8 would make alice's own client hang up.
    publish(&redis, channels[0], &forged("user:alice", b"\xff\xfe"));
    a.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
    until("garbage to be counted", async || b.status().await["drops"]["bus_garbage"].as_u64().unwrap() >= 7)
        .await;
}

#[tokio::test]
async fn a_forged_message_cannot_write_fields_of_an_event_stream() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let mut stream = relay.stream("alice").await;
    let channels = redis.cli(&["pubsub", "channels", "relay:*:live:*"]).await;
    for channel in channels.lines().take(1) {
        publish(&redis, channel, &forged("user:alice", b"x\r\nid: evil\n\ndata: y"));
    }
    let begin = stream.next().await;
    assert_eq!(begin.as_deref(), Some("retry: 2000"));
    let event = stream.next().await.unwrap();
    assert_eq!(
        event,
        "id: iddata: evil\nevent: evilevent: x\ndata: x\ndata: id: evil\ndata: \ndata: data: y"
    );
}

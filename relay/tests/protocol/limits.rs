//! Bounds that hold whatever clients do.

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::support::{TestRelay, soon, until};

#[tokio::test]
async fn r004_16_a_connection_over_the_cap_is_told_503() {
    let relay = TestRelay::with(&[("MAX_TOTAL_CONNECTIONS", "1")]);
    let _only = relay.socket("alice").await;
    let mut second = TcpStream::connect(relay.address).await.unwrap();
    let mut answer = String::new();
    soon(second.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

/// A stream whose client never reads.
async fn deaf(relay: &TestRelay, player: &str) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(relay.address).await.unwrap();
    let request = format!("GET /sse/{player} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    relay.has_connections(1).await;
    stream
}

async fn flood(relay: &TestRelay, player: &str) {
    let message = json!({"type": "t", "content": "x".repeat(200_000)});
    for _ in 0..35 {
        relay.post("/api/messages", json!({"player_id": player, "message": message})).await;
    }
}

#[tokio::test]
async fn r000_23_messages_for_a_client_that_never_reads_are_dropped_and_counted() {
    let relay = TestRelay::with(&[("MAX_QUEUE_BYTES", "300000"), ("OVERFLOW", "drop_oldest")]);
    let _deaf = deaf(&relay, "alice").await;
    flood(&relay, "alice").await;
    let status = relay.status().await;
    assert!(status["drops"]["queue_full"].as_u64().unwrap() > 0, "{status}");
}

#[tokio::test]
async fn r000_23_what_waits_for_a_client_that_never_reads_is_bounded() {
    let relay = TestRelay::with(&[("MAX_QUEUE_BYTES", "300000"), ("OVERFLOW", "drop_newest")]);
    let _deaf = deaf(&relay, "alice").await;
    flood(&relay, "alice").await;
    let waiting = relay.status().await["queueBytes"].as_u64().unwrap();
    // One message more than the limit may wait: the one of which a part is on the wire.
    assert!((1..=500_500).contains(&waiting), "{waiting}");
}

#[tokio::test]
async fn x20_by_default_a_client_that_never_reads_is_disconnected() {
    let relay = TestRelay::with(&[("MAX_QUEUE_BYTES", "300000")]);
    let _deaf = deaf(&relay, "alice").await;
    flood(&relay, "alice").await;
    relay.has_connections(0).await;
}

#[tokio::test]
async fn x20_a_profile_may_have_a_policy_of_its_own() {
    let overflow = ("OVERFLOW", "disconnect,dual=drop_newest");
    let relay = TestRelay::with(&[("MAX_QUEUE_BYTES", "300000"), overflow]);
    let _deaf = deaf(&relay, "alice").await;
    flood(&relay, "alice").await;
    until("drops", async || relay.status().await["drops"]["queue_full"].as_u64() > Some(0)).await;
    flood(&relay, "alice").await;
    relay.has_connections(1).await;
}

#[tokio::test]
async fn r000_23_no_bytes_are_left_counted_after_a_slow_client_is_gone() {
    let relay = TestRelay::with(&[("MAX_QUEUE_BYTES", "300000"), ("OVERFLOW", "drop_newest")]);
    let deaf = deaf(&relay, "alice").await;
    flood(&relay, "alice").await;
    drop(deaf);
    until("an empty queue", async || relay.status().await["queueBytes"] == 0).await;
}

#[tokio::test]
async fn r000_23_a_slow_client_holds_no_other_one_up() {
    let relay = TestRelay::with(&[("MAX_QUEUE_BYTES", "300000"), ("OVERFLOW", "drop_newest")]);
    let _deaf = deaf(&relay, "alice").await;
    let mut quick = relay.socket("alice").await;
    let reading = async {
        for _ in 0..35 {
            assert_eq!(quick.json().await["type"], "t");
        }
    };
    tokio::join!(flood(&relay, "alice"), reading);
}

#[tokio::test]
async fn r000_23_nothing_is_left_after_many_clients_came_and_went_amid_messages() {
    let relay = TestRelay::with(&[("MAX_CONNECTIONS_PER_PLAYER", "1000"), ("CONNECTION_RATE_LIMIT", "0")]);
    let churn = async {
        for _ in 0..100 {
            drop((relay.stream("alice").await, relay.socket("alice").await));
        }
    };
    let push = async {
        for _ in 0..100 {
            relay.post("/sse/push", json!({"user_id": "alice", "data": {}})).await;
        }
    };
    tokio::join!(churn, push);
    relay.has_connections(0).await;
    assert_eq!(relay.status().await["queueBytes"], 0);
}

#[tokio::test]
async fn r000_23_r004_17_a_users_socket_without_any_byte_is_ended() {
    let settings = [("CONNECTION_TIMEOUT", "1"), ("CLEANUP_INTERVAL", "1"), ("WS_PING_INTERVAL", "3600")];
    let relay = TestRelay::with(&settings);
    assert_eq!(relay.socket("alice").await.close_code().await, 1001);
}

#[tokio::test]
async fn r000_23_more_connections_than_open_files_are_warned_of_at_the_start() {
    let relay = env!("CARGO_BIN_EXE_relay");
    let mut command = tokio::process::Command::new("prlimit");
    command
        .args(["--nofile=256:256", relay])
        .env_clear()
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true);
    command.envs([("PORT", "0"), ("ADMIN_LISTEN", "127.0.0.1:0"), ("MAX_TOTAL_CONNECTIONS", "1000")]);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = soon(lines.next_line()).await.unwrap().expect("a warning instead of the end");
        if line.contains("nofile") {
            assert!(line.contains("WARNING") && line.contains("\"nofile\":256"), "{line}");
            return;
        }
    }
}

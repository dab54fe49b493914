//! Clients that never read, while messages for them keep coming (conflicts ).

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Client as Http;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{MissedTickBehavior, interval};

use crate::support::{Client, Process, soon, until};

const MIB: u64 = 1 << 20;
/// Bytes that may wait on the node.
const NODE: u64 = 32 * MIB;
/// What the relay may take besides: the bodies of requests under way, and what its allocator keeps.
const SLACK: u64 = 64 * MIB;
/// Messages in one request, each for the next player.
const BATCH: usize = 1000;
/// Players, each with a tenth of a thousand clients.
const PLAYERS: usize = 100;

async fn relay(overflow: &str) -> Process {
    Process::start(&[
        ("OVERFLOW", overflow),
        ("MAX_QUEUE_BYTES", "65536"),
        ("MAX_NODE_QUEUE_BYTES", &NODE.to_string()),
        ("MAX_MESSAGE_SIZE", "8388608"),
        ("MAX_CONNECTIONS_PER_PLAYER", "100"),
        ("MAX_TOTAL_CONNECTIONS", "5000"),
        // Who never reads is idle, and a reader that is busy is asked for nothing else.
        ("WS_PING_INTERVAL", "3600"),
        ("CONNECTION_TIMEOUT", "3600"),
    ])
    .await
}

/// Lets this process, and those that it starts, have thousands of sockets, if it may.
async fn allow_sockets() {
    let own = std::process::id().to_string();
    let raise = ["--pid", &own, "--nofile=8192:"];
    let _ = tokio::process::Command::new("prlimit").args(raise).output().await;
}

/// A stream of `player` that nobody reads.
async fn deaf(relay: &Process, player: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], relay.port).into()).await.unwrap();
    let request = format!("GET /sse/deaf-{player} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn crowd(relay: &Process, clients: usize) -> Vec<TcpStream> {
    let streams = join_all((0..clients).map(|client| deaf(relay, client % PLAYERS))).await;
    until("all streams", async || figures(relay).await["active_connections"] == clients).await;
    streams
}

async fn figures(relay: &Process) -> Value {
    let url = relay.url("/metrics?format=json");
    soon(async { reqwest::get(url).await.unwrap().json().await.unwrap() }).await
}

/// Publishes so many batches, ten a second if the relay keeps up: 10,000 messages a second.
async fn flood(relay: &Process, batches: usize) {
    let (http, text) = (Http::new(), "x".repeat(4000));
    let message = |n: usize| json!({"user_id": format!("deaf-{}", n % PLAYERS), "data": {"text": text}});
    let batch = Value::Array((0..BATCH).map(message).collect()).to_string();
    let mut pace = interval(Duration::from_millis(100));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..batches {
        pace.tick().await;
        let url = relay.url("/sse/push/batch");
        let request = http.post(url).header("content-type", "application/json").body(batch.clone());
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

/// Times of messages, one each 50 ms while `during` lasts, to somebody who reads; in order.
async fn latencies(relay: &Process, during: impl Future<Output = ()>) -> Vec<Duration> {
    let (http, mut reader) = (Http::new(), relay.socket("reader").await);
    let mut times = Vec::new();
    let probe = async {
        loop {
            times.push(one(&http, relay, &mut reader).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = during => {}
        () = probe => {}
    }
    times.sort();
    times
}

async fn one(http: &Http, relay: &Process, reader: &mut Client) -> Duration {
    let begin = Instant::now();
    let push = json!({"user_id": "reader", "data": {"message": "hi"}});
    let sent = http.post(relay.url("/sse/push")).json(&push).send();
    let (sent, got) = tokio::join!(sent, reader.json());
    assert_eq!((sent.unwrap().status().as_u16(), &got["message"]), (200, &"hi".into()));
    begin.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x18_a_thousand_clients_that_never_read_take_no_more_than_the_nodes_budget() {
    allow_sockets().await;
    let relay = relay("drop_oldest").await;
    let _deaf = crowd(&relay, 1000).await;
    let before = relay.memory();
    let times = latencies(&relay, flood(&relay, 10)).await;
    let grown = relay.peak_memory() - before;
    assert!(grown < NODE + SLACK, "{} MiB more", grown / MIB);
    let drops = figures(&relay).await["drops"].clone();
    let counted = ["queue_full", "node_budget"].map(|reason| drops[reason].as_u64().unwrap());
    assert!(counted.iter().sum::<u64>() > 1000, "{drops}");
    // Somebody who reads has waited for nobody else; the exact figures are for the measurement below.
    assert!(times.last().unwrap() < &Duration::from_secs(3), "{times:?}");
}

/// Drops by reason after a hundred clients slept through 100 messages each.
async fn drops(overflow: &str) -> (Value, u64) {
    let relay = relay(overflow).await;
    let _deaf = crowd(&relay, PLAYERS).await;
    flood(&relay, 10).await;
    let figures = figures(&relay).await;
    (figures["drops"].clone(), figures["active_connections"].as_u64().unwrap())
}

#[tokio::test]
async fn x20_drop_newest_counts_what_found_no_room() {
    let (drops, left) = drops("drop_newest").await;
    assert!(drops["queue_full"].as_u64().unwrap() > 0 && left == 100, "{drops}, {left} left");
}

#[tokio::test]
async fn x20_latest_only_counts_all_but_the_latest() {
    let (drops, left) = drops("latest_only").await;
    assert!(drops["queue_full"].as_u64().unwrap() > 0 && left == 100, "{drops}, {left} left");
}

#[tokio::test]
async fn x20_disconnect_ends_who_is_too_slow_and_counts_what_they_missed() {
    let relay = relay("disconnect").await;
    let _deaf = crowd(&relay, PLAYERS).await;
    flood(&relay, 10).await;
    // Nobody takes the goodbye either: it is waited for, and then no more.
    until("nobody left", async || figures(&relay).await["active_connections"] == 0).await;
    let drops = figures(&relay).await["drops"].clone();
    assert!(drops["disconnected"].as_u64().unwrap() > 0, "{drops}");
}

/// Run it alone and optimised: `cargo test --release -p relay --test protocol x18_latency -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn x18_latency_with_and_without_clients_that_never_read() {
    allow_sockets().await;
    let p99 = |times: &[Duration]| times[times.len() * 99 / 100];
    for clients in [0, 1000, 0, 1000] {
        let relay = relay("drop_oldest").await;
        let _deaf = crowd(&relay, clients).await;
        let times = latencies(&relay, flood(&relay, 100)).await;
        let (median, p99) = (times[times.len() / 2], p99(&times));
        println!("{clients} deaf: p50 {median:?}, p99 {p99:?}, peak {} MiB", relay.peak_memory() / MIB);
    }
}

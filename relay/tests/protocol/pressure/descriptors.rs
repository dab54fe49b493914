//! A process that has no descriptors left (requirement 000-23).

use std::time::Duration;

use reqwest::Client as Http;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::support::{Client, Process, soon, until};

/// Descriptors of the relay: some thirty are left for clients.
const FILES: &str = "--nofile=72";

async fn relay() -> Process {
    Process::start_by(&["prlimit", FILES], &[("MAX_TOTAL_CONNECTIONS", "1000")]).await
}

/// Connections that say nothing, as many as the relay takes, and the answer to the first one more.
async fn fill(relay: &Process) -> (Vec<TcpStream>, String) {
    let mut silent = Vec::new();
    loop {
        assert!(silent.len() < 100, "nothing was refused");
        let mut stream = TcpStream::connect(("127.0.0.1", relay.port)).await.unwrap();
        let mut answer = [0; 200];
        match tokio::time::timeout(Duration::from_millis(100), stream.read(&mut answer)).await {
            Ok(count) => return (silent, String::from_utf8_lossy(&answer[..count.unwrap()]).into_owned()),
            Err(_) => silent.push(stream),
        }
    }
}

/// A caller whose connection is there already.
async fn caller(relay: &Process) -> Http {
    let http = Http::new();
    http.get(relay.url("/health")).send().await.unwrap().bytes().await.unwrap();
    http
}

#[tokio::test]
async fn r000_23_without_descriptors_a_new_connection_is_told_503() {
    let relay = relay().await;
    let (_silent, answer) = fill(&relay).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after:"), "{answer}");
}

#[tokio::test]
async fn r000_23_without_descriptors_refusals_are_counted_by_reason() {
    let relay = relay().await;
    let http = caller(&relay).await;
    let _full = fill(&relay).await;
    let text = http.get(relay.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("relay_connections_refused_total{reason=\"descriptors\"} 1"), "{text}");
}

#[tokio::test]
async fn r000_23_without_descriptors_who_is_connected_is_served() {
    let relay = relay().await;
    let (mut alice, http) = (relay.socket("alice").await, caller(&relay).await);
    let _full = fill(&relay).await;
    let push = json!({"user_id": "alice", "data": {"message": "still here"}});
    http.post(relay.url("/sse/push")).json(&push).send().await.unwrap();
    assert_eq!(alice.json().await["message"], "still here");
}

#[tokio::test]
async fn r000_23_when_descriptors_come_back_clients_are_served_again() {
    let relay = relay().await;
    drop(fill(&relay).await);
    until("a socket is taken", async || {
        Client::with_headers(&format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port), &[]).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn r000_23_without_descriptors_a_crowd_that_waits_costs_no_processor_time() {
    let relay = relay().await;
    let _full = fill(&relay).await;
    let crowd = (0..60).map(|_| TcpStream::connect(("127.0.0.1", relay.port)));
    let _crowd = soon(futures::future::join_all(crowd)).await;
    let before = relay.processor_time();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = relay.processor_time() - before;
    assert!(used < Duration::from_millis(300), "{used:?} of a second");
}

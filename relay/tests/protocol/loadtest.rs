//! `relay load-test` (requirement 001-22), as a person runs it.

use std::process::Output;

use serde_json::Value;

use crate::support::{TestRelay, free_port};

async fn load_test(url: &str, more: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(["load-test", "--clients", "5", "--rate", "200", "--duration", "1", "--url", url]);
    command.args(more).env_clear().output().await.unwrap()
}

/// Messages that were sent, and those that came once and in order.
async fn counted(transport: &str) -> (u64, u64) {
    let output = load_test(&TestRelay::start().url(""), &["--json", "--transport", transport]).await;
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| report[name].as_u64().unwrap();
    (count("sent"), count("received") - count("duplicated") - count("out_of_order"))
}

#[tokio::test]
async fn r001_22_all_messages_come_by_websocket() {
    assert_eq!(counted("websocket").await, (200, 200));
}

#[tokio::test]
async fn r001_22_all_messages_come_by_event_stream() {
    assert_eq!(counted("sse").await, (200, 200));
}

#[tokio::test]
async fn r001_22_all_messages_come_by_socketio() {
    assert_eq!(counted("socketio").await, (200, 200));
}

#[tokio::test]
async fn r001_22_the_exit_code_tells_that_nobody_answers() {
    let output = load_test(&format!("http://127.0.0.1:{}", free_port()), &[]).await;
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn r001_22_the_exit_code_tells_of_clients_that_did_not_stay() {
    let relay = TestRelay::with(&[("CONNECTION_TIMEOUT", "1"), ("CLEANUP_INTERVAL", "1")]);
    // Nobody is written to for the first two seconds.
    let slow = ["--transport", "sse", "--rate", "1", "--duration", "3"];
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(["load-test", "--clients", "8", "--url", &relay.url("")]).args(slow);
    assert_eq!(command.env_clear().output().await.unwrap().status.code(), Some(1));
}

//! A disk of the log file that is full: `/dev/full` refuses each write as such a disk does.

use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Process, until};

/// A relay whose log file is on a full disk.
async fn relay() -> (Process, TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.log");
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    let relay = Process::start(&[("LOG_FILE", file.to_str().unwrap())]).await;
    (relay, folder, file)
}

async fn push(relay: &Process) {
    let push = json!({"user_id": "alice", "data": {"message": "hi"}});
    reqwest::Client::new().post(relay.url("/sse/push")).json(&push).send().await.unwrap();
}

#[tokio::test]
async fn x12_with_a_full_log_disk_messages_go_on() {
    let (relay, _folder, _) = relay().await;
    let mut alice = relay.socket("alice").await;
    push(&relay).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn x12_lines_that_a_full_log_disk_lost_are_counted() {
    let (relay, _folder, _) = relay().await;
    push(&relay).await;
    until("lost lines", async || {
        let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
        let lost = text
            .lines()
            .find_map(|line| line.strip_prefix("relay_log_lines_lost_total{reason=\"write_failed\"} "));
        lost.is_some_and(|lost| lost.parse::<u64>().unwrap() > 0)
    })
    .await;
}

#[tokio::test]
async fn x12_with_a_full_log_disk_standard_output_has_the_lines() {
    let (mut relay, _folder, _) = relay().await;
    let _alice = relay.socket("alice").await;
    relay.logs("User connected").await;
}

#[tokio::test]
async fn x12_when_the_log_disk_has_room_again_lines_are_written() {
    let (relay, _folder, file) = relay().await;
    std::fs::remove_file(&file).unwrap();
    until("a line", async || {
        push(&relay).await;
        std::fs::read_to_string(&file).is_ok_and(|lines| lines.contains("Processing SSE message"))
    })
    .await;
}

//! Logs of the real binary when nobody reads them, and of a panic in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use relay::logs::{self, LogFormat, LogLevel};
use serde_json::{Value, json};

/// The real binary; killed when dropped.
struct Relay {
    child: Child,
    port: u16,
}

impl Relay {
    /// Starts it with its standard output in a pipe that is read up to the first line only.
    fn start(settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_relay"))
            .env_clear()
            .envs([("PORT", "0"), ("ADMIN_LISTEN", "127.0.0.1:0"), ("LOG_FORMAT", "json")])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        child.stdout = Some(output.into_inner());
        let started: Value = serde_json::from_str(&line).unwrap();
        let port = started["clients"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        Self { child, port }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Value of a figure with these labels; 0 without it.
    async fn figure(&self, name: &str) -> f64 {
        let text = reqwest::get(self.url("/metrics")).await.unwrap().text().await.unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.map_or(0.0, |value| value.trim().parse().unwrap())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !condition().await {
        assert!(begin.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_standard_output_that_nobody_reads_stops_nothing_and_lost_lines_are_counted() {
    let relay = Relay::start(&[]);
    let client = reqwest::Client::new();
    // Each message of these batches is two lines with its user's name: more than the pipe and the queue take.
    let batch = vec![json!({"user_id": "u".repeat(250), "data": {}}); 1_000];
    for _ in 0..20 {
        let push = client.post(relay.url("/sse/push/batch")).json(&batch).timeout(Duration::from_secs(5));
        assert_eq!(push.send().await.unwrap().status(), 200);
    }
    eventually("lost lines", async || {
        relay.figure("relay_log_lines_lost_total{reason=\"queue_full\"}").await > 0.0
    })
    .await;
}

#[tokio::test]
async fn x12_log_file_has_the_lines_with_the_words_that_grep_looks_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("logs/mythos.log");
    let relay = Relay::start(&[("LOG_FILE", file.to_str().unwrap())]);
    let body = json!({"user_id": "alice", "data": {}});
    reqwest::Client::new().post(relay.url("/sse/push")).json(&body).send().await.unwrap();
    let grep = || {
        let words = Command::new("grep").args(["-E", "(ERROR|WARNING|CRITICAL)"]).arg(&file).output();
        String::from_utf8(words.unwrap().stdout).unwrap()
    };
    eventually("r004_29: the warning", async || grep().contains("disconnected user")).await;
    assert!(lines(&file).iter().all(|line| line["timestamp"].is_string() && line["target"].is_string()));
}

#[test]
fn x12_a_log_file_that_cannot_be_written_is_told_at_the_start() {
    let relay =
        Command::new(env!("CARGO_BIN_EXE_relay")).env_clear().env("LOG_FILE", "/proc/none/x").output();
    let output = relay.unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("LOG_FILE: /proc/none/x"), "{text}");
}

#[tokio::test]
async fn r004_29_a_panic_is_one_critical_line_with_a_traceback_and_ends_no_other_task() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.log");
    let logs = logs::start(LogFormat::Json, LogLevel::Info, &[], Some(&file)).unwrap();
    let other = tokio::spawn(tokio::time::sleep(Duration::from_millis(100)));
    assert!(tokio::spawn(async { panic!("on purpose") }).await.is_err());
    other.await.unwrap();
    logs.flush();
    let lines = lines(&file);
    let panics: Vec<_> = lines.iter().filter(|line| line["error"] == "on purpose").collect();
    assert_eq!(panics.len(), 1, "{lines:?}");
    assert_eq!(panics[0]["level"], "CRITICAL");
    assert!(panics[0]["message"].as_str().unwrap().starts_with("Traceback of a panic: on purpose"));
    assert!(panics[0]["backtrace"].as_str().unwrap().contains("r004_29_a_panic"));
}

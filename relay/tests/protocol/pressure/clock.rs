//! A wall clock that jumps, as libfaketime lets the real binary see it: the monotonic clock goes on.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Client, Process, Received};

const SECRET: &str = "a secret that has more than thirty-two bytes";

/// A relay with a clock of its own, and the folder of what it reads.
struct Jumping {
    relay: Process,
    folder: TempDir,
}

impl Jumping {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (clock, secret) = (path("clock"), path("secret"));
        std::fs::write(&clock, "+0").unwrap();
        std::fs::write(&secret, SECRET).unwrap();
        let relay = Process::start(&[
            ("LD_PRELOAD", &library()),
            ("FAKETIME_TIMESTAMP_FILE", &clock),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("AUTH", "jwt"),
            ("JWT_SECRET_FILE", &secret),
            ("JWT_LEEWAY_SECONDS", "0"),
            ("WS_PING_INTERVAL", "1"),
            ("WS_PING_TIMEOUT", "5"),
        ])
        .await;
        Self { relay, folder }
    }

    fn jump(&self, by: &str) {
        std::fs::write(self.folder.path().join("clock"), by).unwrap();
    }

    /// A socket with a token that is good for so many seconds by the clock of the test.
    async fn socket(&self, user: &str, seconds: i64) -> Client {
        let claims = json!({"sub": user, "exp": jiff::Timestamp::now().as_second() + seconds});
        let token =
            encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap();
        let address = format!("ws://127.0.0.1:{}/ws?user_id={user}&token={token}", self.relay.port);
        Client::connect(&address).await
    }
}

pub(crate) fn library() -> String {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let library = folders.map(|folder| format!("{folder}/faketime/libfaketime.so.1"));
    library
        .into_iter()
        .find(|file| std::path::Path::new(file).exists())
        .expect("libfaketime; see e2e/setup.sh")
}

/// A socket is there three heartbeats after the jump, and gets messages.
async fn unharmed_by(by: &str) {
    let jumping = Jumping::start().await;
    let mut alice = jumping.socket("alice", 300).await;
    jumping.jump(by);
    for _ in 0..3 {
        assert_eq!(alice.next().await, Received::Ping);
    }
    let push = json!({"user_id": "alice", "data": {"message": "hi"}});
    reqwest::Client::new().post(jumping.relay.url("/sse/push")).json(&push).send().await.unwrap();
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn x14_a_clock_that_jumps_ten_minutes_ahead_ends_no_connection() {
    unharmed_by("+10m").await;
}

#[tokio::test]
async fn x14_a_clock_that_jumps_ten_minutes_back_ends_no_connection() {
    unharmed_by("-10m").await;
}

#[tokio::test]
async fn x21_new_connections_are_judged_by_the_clock_as_it_is_now() {
    let jumping = Jumping::start().await;
    jumping.jump("+10m");
    let mut late = jumping.socket("alice", 300).await;
    assert_eq!(late.next().await, Received::Close(4001, "Unauthenticated".to_owned()));
}

#[tokio::test]
async fn r004_25_sessions_change_after_the_clock_has_jumped_back() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let relay = Process::start(&[
        ("LD_PRELOAD", &library()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ])
    .await;
    let player = async |session: &str| {
        Client::connect(&format!("ws://127.0.0.1:{}/ws/alice?session_id={session}", relay.port)).await
    };
    let mut first = player("a").await;
    std::fs::write(&clock, "-10m").unwrap();
    let _second = player("b").await;
    assert_eq!(first.close_code().await, 1008);
}

//! A relay that stands still (SIGSTOP) for longer than what it holds lasts: others take that over, and
//! when it goes on it must notice. Each takes half a minute:
//!
//! `cargo test -p relay --test protocol faults::stopped -- --ignored`

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::watcher::Watcher;
use crate::cluster::Redis;
use crate::support::{Client, Process, Received, TestRelay, until};

/// Longer than a lease, which lasts 15 seconds.
const STANDSTILL: Duration = Duration::from_secs(16);
/// Most that another relay may take to let a user in: a lease, and the tries themselves.
const TAKEOVER: Duration = Duration::from_secs(18);
const HISTORY: (&str, &str) = ("HISTORY", "users=10000/300");

/// A relay that will stand still, and one that goes on.
struct Pair {
    redis: Redis,
    still: Process,
    other: TestRelay,
}

impl Pair {
    /// The one that will stand still is there first, so that it has what one relay of all has.
    async fn start(settings: &[(&str, &str)]) -> Self {
        let redis = Redis::start();
        let own = [("REDIS_URL", &*redis.url), ("NODE_NAME", "still")];
        let still = Process::start(&[&own, settings].concat()).await;
        until("the first relay reads what workers leave", async || {
            redis.cli(&["GET", "relay:default:reader"]).await.starts_with("still/")
        })
        .await;
        let other = redis.relay_with("other", settings).await;
        Self { redis, still, other }
    }

    /// Has it stand still while `meanwhile` goes on.
    async fn stand_still<T>(&self, meanwhile: impl Future<Output = T>) -> T {
        self.still.signal("-STOP").await;
        let (_, outcome) = tokio::join!(tokio::time::sleep(STANDSTILL), meanwhile);
        self.still.signal("-CONT").await;
        outcome
    }

    /// A socket of `user` at the other relay, as soon as that lets the user in.
    async fn let_in(&self, user: &str) -> Client {
        let begin = Instant::now();
        loop {
            let mut socket = self.other.socket(user).await;
            if socket.next_or_silence().await.is_none() {
                return socket;
            }
            assert!(begin.elapsed() < TAKEOVER, "{user} is still kept out");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn push(&self, user: &str, number: u64) {
        self.other.post("/sse/push", json!({"user_id": user, "data": {"n": number}})).await;
    }
}

/// A socket at the relay that will stand still.
async fn socket_at(relay: &Process, user: &str) -> Client {
    let mut socket = relay.socket(user).await;
    assert_eq!(socket.next_or_silence().await, None);
    socket
}

/// The end, whatever comes before it.
async fn rest(mut socket: Client) -> Received {
    loop {
        match socket.next().await {
            Received::Text(_) | Received::Ping => {}
            end => return end,
        }
    }
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn r000_02_x03_a_user_whom_another_relay_let_in_leaves_the_one_that_stood_still() {
    let pair = Pair::start(&[]).await;
    let (former, mut stays) = (socket_at(&pair.still, "alice").await, socket_at(&pair.still, "bob").await);
    let mut later = pair
        .stand_still(async {
            let mut later = pair.let_in("alice").await;
            pair.push("alice", 1).await;
            assert_eq!(later.json().await["n"], 1);
            later
        })
        .await;
    // What waited for it at Redis is read before it knows that another relay has alice.
    assert_eq!(rest(former).await, Received::Close(1008, "User already connected".to_owned()));
    pair.push("alice", 2).await;
    assert_eq!(later.json().await["n"], 2);
    assert_eq!(later.next_or_silence().await, None);
    pair.push("bob", 3).await;
    assert_eq!(stays.json().await["n"], 3);
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn x03_a_socket_that_was_replaced_leaves_the_relay_that_stood_still() {
    let pair = Pair::start(&[("DUPLICATE_POLICY", "replace")]).await;
    let former = socket_at(&pair.still, "alice").await;
    let mut later = pair.stand_still(pair.let_in("alice")).await;
    assert_eq!(rest(former).await, Received::Close(1008, "Replaced by a newer connection".to_owned()));
    pair.push("alice", 2).await;
    assert_eq!(later.json().await["n"], 2);
    assert_eq!(later.next_or_silence().await, None);
}

/// Clients of each kind who are left alone, at both relays.
const CROWD: [(&str, &str); 3] =
    [("DUPLICATE_POLICY", "allow"), ("SOCKETIO_PING_INTERVAL", "86400000"), ("CONNECTION_RATE_LIMIT", "0")];

/// Sends one number after another from before the standstill until after it, and checks that all
/// clients of each kind at both relays have each that was accepted once and in order.
async fn all_come_once(pair: Pair, send: impl AsyncFn(u64) -> bool) {
    let mut watchers = Watcher::of_each_kind(pair.still.port).await;
    watchers.extend(Watcher::of_each_kind(pair.other.address.port()).await);
    let mut accepted = Vec::new();
    let ended = AtomicBool::new(false);
    let sending = async {
        for number in 0.. {
            if send(number).await {
                accepted.push(number);
            }
            if ended.load(Ordering::Relaxed) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let standing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pair.stand_still(async {}).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        ended.store(true, Ordering::Relaxed);
    };
    tokio::join!(sending, standing);
    let last = *accepted.last().unwrap();
    until("the last one", async || watchers.iter().all(|watcher| watcher.has(last))).await;
    for watcher in &watchers {
        assert_eq!((watcher.numbers(), watcher.has_ended()), (accepted.clone(), false));
    }
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn r003_22_what_workers_left_for_a_relay_that_stood_still_is_delivered_once() {
    let pair = Pair::start(&[&CROWD[..], &[HISTORY]].concat()).await;
    let redis = pair.redis.url.clone();
    all_come_once(pair, async |number| {
        let body = json!({"user": "alice", "event": "n", "data": {"n": number}}).to_string();
        let mut leave = tokio::process::Command::new("redis-cli");
        leave.args(["-u", &redis, "XADD", "relay:default:in", "*", "body", &body]);
        leave.output().await.unwrap().status.success()
    })
    .await;
}

/// Publishes through one of the relays; again under the same key, if the answer is lost.
async fn publish_at(url: &str, number: u64) -> bool {
    let body = json!({"user": "alice", "event": "n", "data": {"n": number}});
    loop {
        let request = reqwest::Client::new().post(url).header("idempotency-key", number.to_string());
        if let Ok(answer) = request.json(&body).send().await {
            return answer.status() == 200;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn x16_what_others_publish_reaches_a_relay_that_stood_still_once() {
    let pair = Pair::start(&CROWD).await;
    let url = pair.other.url("/api/socketio/emit");
    all_come_once(pair, async |number| publish_at(&url, number).await).await;
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn x16_what_is_published_through_a_relay_that_stands_still_is_delivered_once() {
    let pair = Pair::start(&[&CROWD[..], &[HISTORY]].concat()).await;
    let url = pair.still.url("/api/socketio/emit");
    all_come_once(pair, async |number| publish_at(&url, number).await).await;
}

//! What a slow Redis costs those who share a node with the publisher. Takes five minutes; a release
//! build on a machine that does nothing else shows more:
//!
//! `cargo test -p relay --test protocol faults::slow -- --ignored --nocapture`

use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async;

use crate::cluster::Redis;
use crate::support::{Process, soon, until};

/// Runs of each kind, by turns.
const RUNS: usize = 10;
/// What is added to a way to Redis and back.
const ADDED: Duration = Duration::from_millis(50);

/// Takes connections for Redis and hands on all bytes, both ways, `by` later. Answers its port.
async fn delayed(redis: &Redis, by: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, target) = (listener.local_addr().unwrap().port(), redis.port());
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::spawn(hand_on(near_in, far_out, by));
            tokio::spawn(hand_on(far_in, near_out, by));
        }
    });
    port
}

async fn hand_on(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin + Send + 'static,
    by: Duration,
) {
    let (sender, mut late) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, bytes)) = late.recv().await {
            tokio::time::sleep_until(due.into()).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 65_536];
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 || sender.send((Instant::now() + by, buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}

/// Where a relay has its messages delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    slow: bool,
    history: bool,
}

impl Way {
    const ALL: [Self; 4] = [
        Self { slow: false, history: false },
        Self { slow: true, history: false },
        Self { slow: false, history: true },
        Self { slow: true, history: true },
    ];

    /// Messages of one run: one after the other, of which each may take the way to Redis.
    fn messages(self) -> usize {
        if self.slow && self.history { 100 } else { 1000 }
    }

    fn settings(self) -> &'static [(&'static str, &'static str)] {
        if self.history { &[("HISTORY", "users=1000/300")] } else { &[] }
    }
}

/// Median and 99th percentile from a publish to its delivery on the same node.
async fn measure(way: Way) -> [Duration; 2] {
    // Of its own: a former relay's lease of the user would outlive it.
    let redis = Redis::start();
    let port = delayed(&redis, if way.slow { ADDED / 2 } else { Duration::ZERO }).await;
    let url = format!("redis://127.0.0.1:{port}");
    let relay = Process::start(&[&[("REDIS_URL", &*url)], way.settings()].concat()).await;
    until("a ready relay", async || reqwest::get(relay.admin_url("/readyz")).await.unwrap().status() == 200)
        .await;
    let (mut alice, _) =
        connect_async(format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port)).await.unwrap();
    let client = reqwest::Client::new();
    let body = json!({"user": "alice", "event": "n", "data": {"n": 1}});
    let mut times = Vec::new();
    for _ in 0..way.messages() {
        let begin = Instant::now();
        let request = client.post(relay.url("/api/socketio/emit")).json(&body).send();
        let (answer, _) = tokio::join!(async { request.await.unwrap() }, async {
            soon(alice.next()).await.unwrap().unwrap();
            times.push(begin.elapsed());
        });
        assert_eq!(answer.status(), 200);
    }
    times.sort();
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

/// The middle one, and the last.
fn middle_and_worst(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort();
    [times[times.len() / 2], times[times.len() - 1]]
}

#[tokio::test]
#[ignore = "ten runs, for the table in docs/redis.md"]
async fn x16_a_slow_redis_delays_no_local_delivery() {
    let mut runs = Way::ALL.map(|way| (way, Vec::new(), Vec::new()));
    for _ in 0..RUNS {
        for (way, medians, tails) in &mut runs {
            let [median, tail] = measure(*way).await;
            medians.push(median);
            tails.push(tail);
        }
    }
    let mut told = Vec::new();
    for (way, medians, tails) in runs {
        let ([median, _], [tail, worst]) = (middle_and_worst(medians), middle_and_worst(tails));
        let [median_ms, tail_ms, worst_ms] = [median, tail, worst].map(|time| time.as_secs_f64() * 1e3);
        let [slow, history] = [way.slow, way.history].map(|is| if is { "yes" } else { "no" });
        println!("| {slow} | {history} | {median_ms:.1} ms | {tail_ms:.1} ms | {worst_ms:.1} ms |");
        told.push((way, tail));
    }
    assert!(told[1].1 < told[0].1 + ADDED / 2, "{told:?}");
}

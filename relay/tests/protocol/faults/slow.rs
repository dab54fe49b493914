//! What a slow Redis costs those who share a node with the publisher.

use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async;

use crate::cluster::Redis;
use crate::support::{Process, soon, until};

/// Messages that are measured.
const MESSAGES: usize = 1000;

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

/// Median and 99th percentile from a publish to its delivery on the same node.
async fn measure(url: &str) -> [Duration; 2] {
    let relay = Process::start(&[("REDIS_URL", url)]).await;
    until("a ready relay", async || reqwest::get(relay.admin_url("/readyz")).await.unwrap().status() == 200)
        .await;
    let (mut alice, _) =
        connect_async(format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port)).await.unwrap();
    let client = reqwest::Client::new();
    let body = json!({"user": "alice", "event": "n", "data": {"n": 1}});
    let mut times = Vec::new();
    for _ in 0..MESSAGES {
        let begin = Instant::now();
        let request = client.post(relay.url("/api/socketio/emit")).json(&body).send();
        let (answer, _) = tokio::join!(async { request.await.unwrap() }, async {
            soon(alice.next()).await.unwrap().unwrap();
            times.push(begin.elapsed());
        });
        assert_eq!(answer.status(), 200);
    }
    times.sort();
    [times[MESSAGES / 2], times[MESSAGES * 99 / 100]]
}

#[tokio::test]
#[ignore = "figures for docs/redis.md"]
async fn local_delivery_beside_a_slow_redis() {
    let redis = Redis::start();
    println!("| Redis | local delivery p50 | p99 |");
    println!("| --- | --- | --- |");
    for (title, by) in [("direct", 0), ("50 ms each way", 50), ("direct", 0), ("50 ms each way", 50)] {
        let port = delayed(&redis, Duration::from_millis(by)).await;
        let [median, p99] = measure(&format!("redis://127.0.0.1:{port}")).await;
        println!("| {title} | {:.2} ms | {:.2} ms |", median.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3);
    }
}

//! How fast the bus is. Run it alone and optimised:
//! `cargo test --release -p relay --test bus speed -- --ignored --nocapture --test-threads 1`

use std::sync::Arc;
use std::time::{Duration, Instant};

use relay::bus::{self, Bus, History, Inbox, Message};
use relay_contract::admin::BusState;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::support::{Redis, message};

struct Arrivals(UnboundedSender<Instant>);

impl Inbox for Arrivals {
    fn receive(&self, _message: Message) {
        self.0.send(Instant::now()).unwrap();
    }
}

async fn node(name: &str, redis: &Redis) -> (Arc<dyn Bus>, UnboundedReceiver<Instant>) {
    let (arrivals, arrived) = unbounded_channel();
    let config = redis.config();
    let bus = bus::connect(
        config,
        History::default().into(),
        Arc::new(Arrivals(arrivals)),
        name.to_owned(),
        CancellationToken::new(),
    );
    while bus.status().state != BusState::Ok {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (bus, arrived)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn time_from_publish_to_receive() {
    let redis = Redis::start(&[]);
    let (a, _) = node("a", &redis).await;
    let (_b, mut arrived) = node("b", &redis).await;
    let mut lags = Vec::new();
    for id in 0..5000 {
        let sent = Instant::now();
        a.publish(Arc::new(message("alice", id))).await.unwrap();
        lags.push(arrived.recv().await.unwrap() - sent);
    }
    lags.sort();
    println!("publish to receive: p50 {:?}, p99 {:?}, max {:?}", lags[2500], lags[4950], lags[4999]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn publishes_per_second() {
    const COUNT: u32 = 500_000;
    let redis = Redis::start(&[]);
    let (a, _) = node("a", &redis).await;
    let (b, mut arrived) = node("b", &redis).await;
    let start = Instant::now();
    let publisher = tokio::spawn(async move {
        for id in 0..COUNT {
            let message = Arc::new(message(&format!("user-{}", id % 1000), id));
            while a.publish(Arc::clone(&message)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    for _ in 0..COUNT {
        arrived.recv().await.unwrap();
    }
    let rate = f64::from(COUNT) / start.elapsed().as_secs_f64();
    publisher.await.unwrap();
    println!("publishes from one relay to another: {rate:.0}/s, missed {}", b.counters().missed);
}

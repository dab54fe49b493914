//! Two relays as processes, one Redis, clients of each kind at both, and one who publishes at the first.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;

use super::watcher::Watcher;
use crate::cluster::Redis;
use crate::support::{Process, until};

/// What the relays are started with: clients of one user at both, who are left alone, also when they
/// are slower than what comes after an outage.
const SETTINGS: [(&str, &str); 5] = [
    ("DUPLICATE_POLICY", "allow"),
    ("SOCKETIO_PING_INTERVAL", "86400000"),
    ("CONNECTION_RATE_LIMIT", "0"),
    ("MAX_QUEUE_BYTES", "1073741824"),
    ("MAX_QUEUE_ITEMS", "1000000"),
];

/// The whole of it.
pub(super) struct Fleet {
    pub(super) redis: Redis,
    /// Where messages are published.
    pub(super) near: Process,
    /// Where they come by Redis.
    pub(super) far: Process,
    at_near: Vec<Watcher>,
    at_far: Vec<Watcher>,
    client: reqwest::Client,
    next: u64,
    accepted: Vec<u64>,
    pub(super) refused: u64,
}

/// What became of what was accepted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) accepted: u64,
    /// Deliveries to the clients of the other relay.
    pub(super) delivered: u64,
    /// Deliveries that never came, to the clients of either.
    pub(super) missing: u64,
    /// Clients that got something out of order or twice.
    pub(super) disordered: u64,
    /// Connections that ended.
    pub(super) closed: u64,
}

impl Fleet {
    /// Everyone is there, and has the first message.
    pub(super) async fn start(redis: Redis, settings: &[(&str, &str)]) -> Self {
        let near = relay(&redis, "near", settings).await;
        let far = relay(&redis, "far", settings).await;
        ready(&near).await;
        ready(&far).await;
        let at_near = Watcher::of_each_kind(near.port).await;
        let at_far = Watcher::of_each_kind(far.port).await;
        let client = reqwest::Client::new();
        let (accepted, next, refused) = (Vec::new(), 0, 0);
        let mut fleet = Self { redis, near, far, at_near, at_far, client, next, accepted, refused };
        fleet.arrives().await;
        fleet
    }

    /// Publishes one message at the first relay; tells whether it was accepted.
    pub(super) async fn publish(&mut self) -> bool {
        self.publish_with("").await
    }

    /// The same with a message of 100 KB.
    pub(super) async fn publish_bulk(&mut self) -> bool {
        self.publish_with(&"x".repeat(100_000)).await
    }

    async fn publish_with(&mut self, ballast: &str) -> bool {
        let number = self.next;
        self.next += 1;
        let body = json!({"user": "alice", "event": "n", "data": {"n": number, "x": ballast}});
        let url = self.near.url("/api/socketio/emit");
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        match answer.status().as_u16() {
            200 => self.accepted.push(number),
            503 => {
                assert!(answer.headers().contains_key("retry-after"));
                self.refused += 1;
            }
            other => panic!("{other} for a message"),
        }
        self.accepted.last() == Some(&number)
    }

    /// Publishes to nobody until the first relay has no more room for what waits.
    pub(super) async fn fill_outbox(&mut self) {
        let body = json!({"user": "nobody", "event": "n", "data": {"x": "x".repeat(500_000)}});
        let url = self.near.url("/api/socketio/emit");
        for _ in 0..100 {
            if self.client.post(&url).json(&body).send().await.unwrap().status() == 503 {
                return;
            }
        }
        panic!("the outbox has no bound");
    }

    /// Publishes until one that was accepted has reached everyone.
    pub(super) async fn arrives(&mut self) {
        for _ in 0..200 {
            let number = self.next;
            if self.publish().await && self.reached(number, Duration::from_millis(100)).await {
                return;
            }
        }
        panic!("messages do not arrive");
    }

    async fn reached(&self, number: u64, within: Duration) -> bool {
        let everyone = async {
            while !self.watchers().all(|watcher| watcher.has(number)) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(within, everyone).await.is_ok()
    }

    fn watchers(&self) -> impl Iterator<Item = &Watcher> {
        self.at_near.iter().chain(&self.at_far)
    }

    /// Waits until both relays are in `state`, for a reason with `why` in it.
    pub(super) async fn says(&self, state: &str, why: &str) {
        for relay in [&self.near, &self.far] {
            until(&format!("{state} with {why:?}"), async || {
                let bus = relay.told().await["bus"].take();
                bus["state"] == state && bus["reason"].as_str().unwrap_or_default().contains(why)
            })
            .await;
        }
    }

    /// How many messages the other relay says that it missed.
    pub(super) async fn counted_missing(&self) -> u64 {
        let drops = self.far.told().await["drops"].take();
        ["bus_missed", "bus_gap"].iter().filter_map(|reason| drops[reason].as_u64()).sum()
    }

    /// How often the other relay asked for messages of a history that it had missed.
    pub(super) async fn refills(&self) -> u64 {
        let text = reqwest::get(self.far.admin_url("/metrics")).await.unwrap().text().await.unwrap();
        let name = "relay_bus_events_total{event=\"refill\"} ";
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.unwrap().parse().unwrap()
    }

    /// Counts, once all has arrived that will: what came last has reached everyone.
    pub(super) async fn tally(&mut self) -> Tally {
        self.arrives().await;
        let mut tally = Tally { accepted: self.accepted.len() as u64, ..Tally::default() };
        for watcher in self.watchers() {
            let numbers = watcher.numbers();
            let got: HashSet<u64> = numbers.iter().copied().collect();
            tally.missing += self.accepted.iter().filter(|number| !got.contains(number)).count() as u64;
            tally.disordered += u64::from(!numbers.is_sorted_by(|one, next| one < next));
            tally.closed += u64::from(watcher.has_ended());
        }
        tally.delivered = self.at_far.iter().map(|watcher| watcher.numbers().len() as u64).sum();
        tally
    }
}

/// A relay that is ready once Redis is.
async fn relay(redis: &Redis, node: &str, settings: &[(&str, &str)]) -> Process {
    let own = [("REDIS_URL", &*redis.url), ("NODE_NAME", node)];
    Process::start(&[&own, &SETTINGS[..], settings].concat()).await
}

/// Waits until it takes traffic.
async fn ready(relay: &Process) {
    let url = relay.admin_url("/readyz");
    until("a ready relay", async || reqwest::get(&url).await.unwrap().status() == 200).await;
}

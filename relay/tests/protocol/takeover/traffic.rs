//! Messages for alice, published over HTTP at each relay, and which of them were acknowledged.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Process, http, until};

/// Time between two messages of a publisher.
const PACE: Duration = Duration::from_millis(20);

/// What the publishers know. Message `n` is of publisher `n` modulo their number.
pub(super) struct Traffic {
    /// Numbers of each publisher that it has begun with.
    begun: Vec<AtomicU64>,
    accepted: Mutex<BTreeSet<u64>>,
    refused: AtomicU64,
    ends: AtomicBool,
}

impl Traffic {
    /// One publisher for each relay.
    pub(super) fn start(relays: &[Process], tasks: &mut JoinSet<()>) -> Arc<Self> {
        let traffic = Arc::new(Self {
            begun: relays.iter().map(|_| AtomicU64::new(0)).collect(),
            accepted: Mutex::default(),
            refused: AtomicU64::new(0),
            ends: AtomicBool::new(false),
        });
        for (index, relay) in relays.iter().enumerate() {
            tasks.spawn(Arc::clone(&traffic).publish(index, relay.url("/sse/push")));
        }
        traffic
    }

    async fn publish(self: Arc<Self>, index: usize, url: String) {
        let client = http();
        while !self.ends.load(Ordering::SeqCst) {
            let round = self.begun[index].fetch_add(1, Ordering::SeqCst);
            let number = round * self.begun.len() as u64 + index as u64;
            let body = json!({"user_id": "alice", "data": {"n": number}});
            let answer = client.post(&url).json(&body).send().await.expect("a publish that is answered");
            match answer.status().as_u16() {
                200 => drop(self.accepted.lock().unwrap().insert(number)),
                503 => drop(self.refused.fetch_add(1, Ordering::SeqCst)),
                other => panic!("{other} for a message"),
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// How many publishers there are.
    pub(super) fn publishers(&self) -> u64 {
        self.begun.len() as u64
    }

    /// The number of each publisher's next message.
    pub(super) fn next(&self) -> Vec<u64> {
        let numbers = self.begun.iter().zip(0..);
        numbers.map(|(begun, at)| begun.load(Ordering::SeqCst) * self.publishers() + at).collect()
    }

    /// Waits until so many more were acknowledged.
    pub(super) async fn takes(&self, count: usize) {
        let before = self.accepted().len();
        until("messages are taken", async || self.accepted().len() >= before + count).await;
    }

    /// Ends it once the publishers have their answers.
    pub(super) fn end(&self) {
        self.ends.store(true, Ordering::SeqCst);
    }

    /// What was acknowledged so far.
    pub(super) fn accepted(&self) -> BTreeSet<u64> {
        self.accepted.lock().unwrap().clone()
    }

    /// How many were refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }
}

//! A publisher that goes on through whatever happens, and notes what was acknowledged.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Publisher;

/// Time between two messages.
const PACE: Duration = Duration::from_millis(20);

/// Numbered messages to one user, one after the other.
pub struct Traffic {
    stop: watch::Sender<bool>,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<Sent>,
}

/// How far the traffic is.
#[derive(Clone, Copy, Debug)]
struct Progress {
    acknowledged: usize,
    last: Instant,
}

/// What became of the traffic.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Numbers of messages that a relay acknowledged.
    pub acknowledged: Vec<u64>,
    /// Longest time between two of them.
    pub longest_pause: Duration,
}

impl Traffic {
    /// Begins with the message of this number to this user; the next ones count up.
    pub fn start(publisher: Publisher, user: &str, first: u64) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (told, progress) = watch::channel(Progress { acknowledged: 0, last: Instant::now() });
        let task = tokio::spawn(publish(publisher, user.to_owned(), first, stopped, told));
        Self { stop, progress, task }
    }

    /// How many were acknowledged until now.
    pub fn acknowledged(&self) -> usize {
        self.progress.borrow().acknowledged
    }

    /// How long ago the last one was.
    pub fn silent_for(&self) -> Duration {
        self.progress.borrow().last.elapsed()
    }

    /// Stops after the message that is on its way.
    ///
    /// # Errors
    /// If the publisher panicked.
    pub async fn end(self) -> Result<Sent> {
        self.stop.send_replace(true);
        Ok(self.task.await?)
    }
}

impl Sent {
    /// Which of the acknowledged numbers are not among these messages.
    pub fn missing(&self, messages: &[Value]) -> Vec<u64> {
        let had: BTreeSet<_> = messages.iter().filter_map(number).collect();
        self.acknowledged.iter().copied().filter(|number| !had.contains(number)).collect()
    }

    /// This, and what was sent by another traffic.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.acknowledged.extend(other.acknowledged);
        Self { longest_pause: self.longest_pause.max(other.longest_pause), ..self }
    }
}

/// The number of a message, as its receiver has it.
pub fn number(message: &Value) -> Option<u64> {
    let at = |value: &Value| value.get("number").and_then(Value::as_u64);
    at(message).or_else(|| at(message.get("data")?))
}

async fn publish(
    publisher: Publisher,
    user: String,
    first: u64,
    stopped: watch::Receiver<bool>,
    told: watch::Sender<Progress>,
) -> Sent {
    let mut sent = Sent::default();
    let (mut pace, mut last) = (tokio::time::interval(PACE), Instant::now());
    for number in first.. {
        pace.tick().await;
        if *stopped.borrow() {
            break;
        }
        if publisher.push(&user, json!({ "number": number })).await.is_ok() {
            sent.acknowledged.push(number);
            sent.longest_pause = sent.longest_pause.max(last.elapsed());
            last = Instant::now();
            told.send_replace(Progress { acknowledged: sent.acknowledged.len(), last });
        }
    }
    sent
}

//! A client that comes back, as a browser does, and keeps a journal of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{Connection, End};

const PAUSE_BEFORE_RECONNECT: Duration = Duration::from_millis(200);

/// What a [`Session`] lived through.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Pods that it was connected to, in order.
    pub nodes: Vec<String>,
    /// How each of its connections ended.
    pub ends: Vec<End>,
    /// Messages, in order.
    pub messages: Vec<Value>,
    /// Whether it is connected now.
    pub connected: bool,
}

/// A client that reconnects until it is dropped.
pub struct Session {
    journal: Arc<Mutex<Journal>>,
    task: JoinHandle<()>,
}

impl Session {
    /// A session of `id` at `address` (`host:port`) over connections of type `C`.
    pub fn start<C: Connection>(address: String, id: String) -> Self {
        let journal = Arc::new(Mutex::new(Journal::default()));
        Self { task: tokio::spawn(live::<C>(address, id, Arc::clone(&journal))), journal }
    }

    /// What it lived through until now.
    pub fn journal(&self) -> Journal {
        note(&self.journal).clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn live<C: Connection>(address: String, id: String, journal: Arc<Mutex<Journal>>) {
    loop {
        if let Ok(mut client) = C::connect(&address, &id).await {
            opened(&journal, client.node());
            let end = loop {
                match client.next().await {
                    Ok(message) => note(&journal).messages.push(message),
                    Err(end) => break end,
                }
            };
            ended(&journal, end);
        }
        sleep(PAUSE_BEFORE_RECONNECT).await;
    }
}

fn note(journal: &Mutex<Journal>) -> std::sync::MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

fn opened(journal: &Mutex<Journal>, node: &str) {
    let mut journal = note(journal);
    journal.nodes.push(node.to_owned());
    journal.connected = true;
}

fn ended(journal: &Mutex<Journal>, end: End) {
    let mut journal = note(journal);
    journal.ends.push(end);
    journal.connected = false;
}

//! The admin port of every relay of every cluster: who asks with a cluster's token is answered as
//! its relays would answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use relay_contract::admin::{Bus, BusKind, BusState, Config, ConfigRequest, Connections, Status};
use relay_operator::fleet::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Relays at this machine's address. They are gone when this is dropped.
pub(super) struct Relays {
    pub(super) port: u16,
    known: Arc<Mutex<Known>>,
    serving: JoinHandle<()>,
}

/// What they know.
struct Known {
    /// The settings that were handed over, by token.
    told: HashMap<String, Config>,
    /// Whether they reach Redis.
    bus: BusState,
}

impl Relays {
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let known = Arc::new(Mutex::new(Known { told: HashMap::new(), bus: BusState::Ok }));
        let shared = Arc::clone(&known);
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let known = Arc::clone(&shared);
                // Whoever does not read its answer asks again.
                tokio::spawn(async move { drop(answer(socket, known).await) });
            }
        });
        Ok(Self { port, known, serving })
    }

    /// What all of them tell of Redis from now on.
    pub(super) fn set_bus(&self, state: BusState) {
        lock(&self.known).bus = state;
    }
}

impl Drop for Relays {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut socket: TcpStream, known: Arc<Mutex<Known>>) -> Result<()> {
    let (head, body) = request(&mut socket).await?;
    let token = header(&head, "authorization").unwrap_or_default();
    if head.starts_with("PUT") {
        let settings = Settings::new(serde_json::from_slice::<ConfigRequest>(&body)?.settings);
        let config =
            Config { hash: settings.hash().to_owned(), generation: settings.generation(), error: None };
        lock(&known).told.insert(token.clone(), config);
    }
    let body = serde_json::to_string(&status(&lock(&known), &token))?;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await?;
    Ok(())
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

fn status(known: &Known, token: &str) -> Status {
    Status {
        version: "1".to_owned(),
        node: "a".to_owned(),
        started_at: 1,
        config: known.told.get(token).cloned().unwrap_or_default(),
        accepting: true,
        draining: None,
        connections: Connections::default(),
        queue_bytes: 0,
        bus: Bus {
            kind: BusKind::Redis,
            state: known.bus,
            reason: None,
            lag_ms: None,
            stalled_partitions: None,
        },
        drops: std::collections::BTreeMap::default(),
        signals: relay_contract::admin::Signals::default(),
    }
}

/// Reads a request: its head in lower case but for the values, and its body.
async fn request(socket: &mut TcpStream) -> Result<(String, Vec<u8>)> {
    let mut all = Vec::new();
    loop {
        let read = socket.read_buf(&mut all).await?;
        if let Some(end) = all.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = all.split_off(end + 4);
            let head = String::from_utf8_lossy(&all).into_owned();
            let length = header(&head, "content-length").and_then(|text| text.parse().ok());
            return Ok((head, rest(socket, body, length.unwrap_or_default()).await?));
        }
        anyhow::ensure!(read > 0 && all.len() < 65536, "no head of a request");
    }
}

async fn rest(socket: &mut TcpStream, mut body: Vec<u8>, length: usize) -> Result<Vec<u8>> {
    while body.len() < length {
        anyhow::ensure!(socket.read_buf(&mut body).await? > 0, "half a body");
    }
    Ok(body)
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines
        .into_iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

//! All relays at once: whoever asks any address of this machine on the admin port gets the answer
//! of a relay that is well and runs the settings that this address was told last.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use relay_contract::admin::{ConfigRequest, Status};
use relay_contract::settings::ADMIN_PORT;
use relay_operator::fleet::Settings;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How long connections stay as many as they are while they move.
const MOVES_EVERY: Duration = Duration::from_secs(10);

/// The relays; they answer as long as their runtime lives.
#[derive(Clone)]
pub(crate) struct Relays(Arc<Inner>);

struct Inner {
    began: Instant,
    moving: AtomicBool,
    told: Mutex<HashMap<IpAddr, (String, u64)>>,
}

impl Relays {
    /// Starts to answer.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, ADMIN_PORT)).await?;
        let inner = Inner { began: Instant::now(), moving: AtomicBool::new(false), told: Mutex::default() };
        let relays = Self(Arc::new(inner));
        let all = relays.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let one = all.clone();
                // Whoever does not read its answer asks again.
                tokio::spawn(async move { drop(one.answer(socket).await) });
            }
        });
        Ok(relays)
    }

    /// Has the number of every relay's connections change every ten seconds, or not.
    pub(crate) fn moving(&self, moving: bool) {
        self.0.moving.store(moving, Ordering::Relaxed);
    }

    async fn answer(&self, socket: TcpStream) -> Result<()> {
        let address = socket.local_addr()?.ip();
        let mut socket = BufReader::new(socket);
        if let Some(body) = request(&mut socket).await? {
            let settings = Settings::new(serde_json::from_slice::<ConfigRequest>(&body)?.settings);
            let running = (settings.hash().to_owned(), settings.generation());
            self.0.told.lock().unwrap_or_else(PoisonError::into_inner).insert(address, running);
        }
        let body = serde_json::to_string(&self.status(address)?)?;
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        socket.get_mut().write_all(format!("{head}{body}").as_bytes()).await?;
        Ok(())
    }

    fn status(&self, address: IpAddr) -> Result<Status> {
        let told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned();
        let (hash, generation) = told.unwrap_or_default();
        let status = json!({
            "version": "1", "node": address.to_string(), "startedAt": 1, "accepting": true,
            "config": { "hash": hash, "generation": generation },
            "connections": { "total": self.connections(address) },
            "bus": { "kind": "redis", "state": "ok" },
        });
        Ok(serde_json::from_value(status)?)
    }

    fn connections(&self, address: IpAddr) -> u64 {
        let own = match address {
            IpAddr::V4(address) => u64::from(address.octets()[3]),
            IpAddr::V6(_) => 0,
        };
        let turn = self.0.began.elapsed().as_secs() / MOVES_EVERY.as_secs();
        let moved = if self.0.moving.load(Ordering::Relaxed) { (own + turn * 7) % 10 * 500 } else { 0 };
        1_000 + moved
    }
}

/// Reads a request; its body, if it has one.
async fn request(socket: &mut BufReader<TcpStream>) -> Result<Option<Vec<u8>>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    Ok((length > 0).then_some(body))
}

//! Two relays, and the Redis between them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::HISTORY;
use crate::proc;
use crate::servers::{Redis, Server, start_relay};

/// Time in which a relay must have reached Redis.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is asked whether it has.
const LOOK: Duration = Duration::from_millis(50);
/// Time between two starts: the second relay finds the first one listening.
const REST: Duration = Duration::from_millis(500);

/// Two relays on one Redis.
pub(super) struct Cluster {
    pub(super) redis: Redis,
    /// The one that is published on, and the other.
    pub(super) relays: [Server; 2],
}

impl Cluster {
    /// Starts it, and waits until both relays have reached Redis.
    pub(super) fn start(history: bool) -> Result<Self> {
        let redis = Redis::start()?;
        let relays = [relay(&redis, history)?, relay(&redis, history)?];
        for relay in &relays {
            wait_healthy(relay.address)?;
        }
        std::thread::sleep(REST);
        Ok(Self { redis, relays })
    }

    /// CPU time of both relays and of Redis up to now.
    pub(super) fn cpu(&self) -> Result<[Duration; 3]> {
        let [first, second] = &self.relays;
        Ok([proc::cpu(&first.pids())?, proc::cpu(&second.pids())?, self.redis.cpu()?])
    }
}

/// Starts a relay on `redis`.
pub(super) fn relay(redis: &Redis, history: bool) -> Result<Server> {
    let url = redis.url();
    // A user of a relay that was killed is not kept out by what that one held.
    let settings = [("REDIS_URL", url.as_str()), ("DUPLICATE_POLICY", "replace"), HISTORY];
    start_relay(if history { &settings } else { &settings[..2] })
}

fn wait_healthy(address: SocketAddr) -> Result<()> {
    let began = Instant::now();
    while !health(address)?.contains("\"status\":\"healthy\"") {
        if began.elapsed() > PATIENCE {
            bail!("a relay does not reach Redis: {}", health(address)?);
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn health(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

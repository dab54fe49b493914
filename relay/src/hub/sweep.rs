//! The one clockwork for all connections: heartbeats, stalls, and ends that take too long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Clock, CloseCode, Connection, Farewell, Hub, Pulse};

/// Time without writing after which a stream gets an idle pulse (requirement 001-18).
const IDLE: Duration = Duration::from_secs(30);
/// Time for which bytes may wait for a peer that takes none.
const STALL: Duration = Duration::from_secs(60);
/// Time that a peer may take to answer a goodbye.
const LINGER: Duration = Duration::from_secs(5);

const EXPIRED: Farewell = Farewell::new(CloseCode::Unauthenticated, "Token expired");
const SILENT: Farewell = Farewell::new(CloseCode::Policy, "Nothing was asked for in time");
const PING_TIMEOUT: Farewell = Farewell::new(CloseCode::Internal, "Ping timeout");

/// The times of probes, in ticks of the hub's clock (requirement 000-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one probe to the next.
    pub interval: u32,
    /// From a probe to its answer.
    pub timeout: u32,
}

/// The paces of one hub (conflict X-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paces {
    /// Of WebSockets.
    pub websocket: Pace,
    /// Of Engine.IO sessions (requirement 002-03).
    pub engineio: Pace,
}

impl From<Pace> for Paces {
    fn from(pace: Pace) -> Self {
        Self { websocket: pace, engineio: pace }
    }
}

/// Sweeps once in each tick of the hub's clock, for ever; `paces` is asked each time, and `beat` told.
pub async fn sweep_forever<P: Into<Paces>>(
    hub: Arc<Hub>,
    paces: impl Fn() -> P + Send,
    beat: impl Fn() + Send,
) {
    let clock = &hub.shared().clock;
    let mut ticks = tokio::time::interval(clock.tick());
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut look = Look::at(clock.now());
    loop {
        ticks.tick().await;
        beat();
        look = look.next(clock.now());
        sweep(&hub, look, paces().into());
    }
}

/// The time of one look at all connections.
#[derive(Clone, Copy, Debug)]
struct Look {
    now: u32,
    /// Ticks without a look before it: the process stood still, and peers who were in time may not have
    /// been heard yet.
    late: u32,
}

impl Look {
    fn at(now: u32) -> Self {
        Self { now, late: 0 }
    }

    fn next(self, now: u32) -> Self {
        Self { now, late: now.saturating_sub(self.now).saturating_sub(1) }
    }

    /// Whether a peer let so many ticks pass since then, of those in which it could be heard.
    fn is_over(self, since: u32, wait: u32) -> bool {
        self.now.saturating_sub(since) >= wait.saturating_add(self.late)
    }
}

fn sweep(hub: &Hub, look: Look, paces: Paces) {
    hub.visit(|connection| {
        tend(connection, look, &hub.shared().clock, paces);
        true
    });
}

fn tend(connection: &Arc<Connection>, look: Look, clock: &Clock, paces: Paces) {
    let now = look.now;
    if let Some(since) = connection.closing_since() {
        if look.is_over(since, clock.ticks(LINGER)) {
            connection.abort();
        }
        return;
    }
    if now >= connection.expires_at.load(Ordering::Relaxed) {
        connection.finish(&EXPIRED);
        return;
    }
    if now >= connection.introduced_by.load(Ordering::Relaxed) {
        connection.finish(&SILENT);
        return;
    }
    let wrote_at = connection.wrote_at.load(Ordering::Relaxed);
    let silent = now.saturating_sub(wrote_at);
    if connection.is_waiting() {
        if look.is_over(wrote_at, clock.ticks(STALL)) {
            connection.abort();
        }
        // A peer that polls is asked whether it is there even while it is late to fetch.
        if connection.is_attached() {
            return;
        }
    }
    match connection.wire.0.pulse() {
        Pulse::Idle(bytes) if silent >= clock.ticks(IDLE) => drop(connection.send_bytes(bytes)),
        Pulse::Idle(_) => {}
        Pulse::Probe(bytes) => probe(connection, look, paces.websocket, bytes),
        Pulse::EngineProbe(bytes) => probe(connection, look, paces.engineio, bytes),
        Pulse::EngineListen => listen(connection, look, paces.engineio),
    }
}

fn probe(connection: &Arc<Connection>, look: Look, pace: Pace, bytes: bytes::Bytes) {
    let probed_at = connection.probed_at.load(Ordering::Relaxed);
    if connection.unanswered.load(Ordering::Relaxed) == 1 {
        if look.is_over(probed_at, pace.timeout) {
            connection.finish(&PING_TIMEOUT);
        }
    } else if look.now.saturating_sub(probed_at) >= pace.interval {
        connection.probed_at.store(look.now, Ordering::Relaxed);
        connection.unanswered.store(1, Ordering::Relaxed);
        connection.send_bytes(bytes);
    }
}

/// The peer is to speak up by itself: each look that finds it heard begins a new wait.
fn listen(connection: &Arc<Connection>, look: Look, pace: Pace) {
    let probed_at = connection.probed_at.load(Ordering::Relaxed);
    if connection.unanswered.swap(1, Ordering::Relaxed) == 0 {
        connection.probed_at.store(look.now, Ordering::Relaxed);
    } else if look.is_over(probed_at, pace.interval.saturating_add(pace.timeout)) {
        connection.finish(&PING_TIMEOUT);
    }
}

#[cfg(test)]
#[path = "sweep_tests.rs"]
mod tests;

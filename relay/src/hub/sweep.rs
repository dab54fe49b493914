//! The one clockwork for all connections: heartbeats, stalls, and ends that take too long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{CloseCode, Connection, Farewell, Hub, Pulse};

/// Seconds without writing after which a stream gets an idle pulse (requirement 001-18).
const IDLE_SECONDS: u32 = 30;
/// Seconds for which bytes may wait for a peer that takes none.
const STALL_SECONDS: u32 = 60;
/// Seconds that a peer may take to answer a goodbye.
const LINGER_SECONDS: u32 = 5;

const PING_TIMEOUT: Farewell = Farewell::new(CloseCode::Internal, "Ping timeout");

/// The times of probes, in seconds (requirement 000-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one probe to the next.
    pub interval: u32,
    /// From a probe to its answer.
    pub timeout: u32,
}

/// Sweeps once a second, for ever; `pace` is asked each time, and `beat` told.
pub async fn sweep_forever(hub: Arc<Hub>, pace: impl Fn() -> Pace + Send, beat: impl Fn() + Send) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        beat();
        sweep(&hub, pace());
    }
}

fn sweep(hub: &Hub, pace: Pace) {
    let now = hub.shared().clock.seconds();
    hub.visit(|connection| {
        tend(connection, now, pace);
        true
    });
}

fn tend(connection: &Arc<Connection>, now: u32, pace: Pace) {
    if let Some(since) = connection.closing_since() {
        if now.saturating_sub(since) >= LINGER_SECONDS {
            connection.abort();
        }
        return;
    }
    let silent = now.saturating_sub(connection.wrote_at.load(Ordering::Relaxed));
    if connection.is_waiting() {
        if silent >= STALL_SECONDS {
            connection.abort();
        }
        return;
    }
    match connection.wire.0.pulse() {
        Pulse::Idle(bytes) if silent >= IDLE_SECONDS => drop(connection.send_bytes(bytes)),
        Pulse::Idle(_) => {}
        Pulse::Probe(bytes) => probe(connection, now, pace, bytes),
    }
}

fn probe(connection: &Arc<Connection>, now: u32, pace: Pace, bytes: bytes::Bytes) {
    let since = now.saturating_sub(connection.probed_at.load(Ordering::Relaxed));
    if connection.unanswered.load(Ordering::Relaxed) == 1 {
        if since >= pace.timeout {
            connection.finish(&PING_TIMEOUT);
        }
    } else if since >= pace.interval {
        connection.probed_at.store(now, Ordering::Relaxed);
        connection.unanswered.store(1, Ordering::Relaxed);
        connection.send_bytes(bytes);
    }
}

#[cfg(test)]
#[path = "sweep_tests.rs"]
mod tests;

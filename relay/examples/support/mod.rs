//! What the echo servers share: settings from the environment, a hub, and a way to listen.
//!
//! | variable | default |
//! | --- | --- |
//! | `PORT` | 3000 |
//! | `PING_INTERVAL` | 25000 ms |
//! | `PING_TIMEOUT` | 20000 ms |
//! | `MAX_PAYLOAD` | bytes; each program's own |

use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::Router;
use relay::hub::{Budget, Clock, Counts, Hub, Limits, Overflow, Pace, Shared, sweep_forever};
use relay::server::serve_router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// From one look at heartbeats to the next.
const TICK: Duration = Duration::from_millis(2);
/// Bytes that may wait, for one client and for all.
const QUEUE: usize = 256 * 1024 * 1024;
/// TCP connections at most.
const CONNECTIONS: u64 = 10_000;

/// Settings of an echo server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// 0 lets the system choose.
    pub(crate) port: u16,
    /// From one ping to the next.
    pub(crate) ping_interval: Duration,
    /// From a ping to its answer.
    pub(crate) ping_timeout: Duration,
    /// Bytes of the largest message.
    pub(crate) max_payload: usize,
}

impl Settings {
    /// Reads the environment; messages may have `max_payload` bytes unless it says otherwise.
    ///
    /// # Errors
    /// Names the variable that is no number.
    pub(crate) fn from_environment(max_payload: usize) -> anyhow::Result<Self> {
        Ok(Self {
            port: number("PORT", 3000)?,
            ping_interval: Duration::from_millis(number("PING_INTERVAL", 25_000)?),
            ping_timeout: Duration::from_millis(number("PING_TIMEOUT", 20_000)?),
            max_payload: number("MAX_PAYLOAD", max_payload)?,
        })
    }
}

/// The number in a variable.
///
/// # Errors
/// If it is none.
pub(crate) fn number<T: FromStr>(name: &str, default: T) -> anyhow::Result<T> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| anyhow!("{name}: {text:?} is not a whole number in range")),
        Err(_) => Ok(default),
    }
}

/// A hub whose heartbeats have the pace of the settings.
pub(crate) fn hub(settings: &Settings) -> Arc<Hub> {
    let hub = Hub::new(Shared {
        clock: Clock::with_tick(TICK),
        budget: Budget::new(QUEUE as u64),
        inflow: Budget::new(QUEUE as u64),
        limits: Limits::new(QUEUE, 100_000, Overflow::Disconnect).into(),
        counts: Counts::default(),
    });
    let clock = &hub.shared().clock;
    let (interval, timeout) = (clock.ticks(settings.ping_interval), clock.ticks(settings.ping_timeout));
    tokio::spawn(sweep_forever(hub.clone(), move || Pace { interval, timeout }, || {}));
    hub
}

/// Serves for ever, on loopback.
///
/// # Errors
/// If the port is taken.
pub(crate) async fn serve(settings: &Settings, router: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await.context("PORT")?;
    println!("listening on http://{}", listener.local_addr()?);
    serve_router(listener, router, CONNECTIONS, &CancellationToken::new()).await;
    Ok(())
}

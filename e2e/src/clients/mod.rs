//! Real clients of a relay, for the tests and for the demo.
//!
//! Each notes what a person would see: the pod that answered, every message, and how the
//! connection ended. None hides an end by reconnecting; [`Session`] does that in the open.

mod publish;
mod session;
mod sse;
mod traffic;
mod ws;

pub use publish::Publisher;
pub use session::{Journal, Session};
pub use sse::SseClient;
pub use traffic::{Sent, Traffic, number};
pub use ws::WsClient;

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::time::timeout;

/// Longest wait for an answer, a message or an end that should come at once.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How a connection ended, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A close frame with this code arrived (RFC 6455, section 7.4).
    Close(u16),
    /// The event stream ended at an event boundary, and had said when to come back.
    Stream,
    /// Anything else: what a browser reports as 1006, or a stream cut in the middle.
    Abnormal(String),
}

impl End {
    /// Whether the server said goodbye in a way that a client can act on.
    pub fn is_graceful(&self) -> bool {
        matches!(self, Self::Close(1001 | 1012) | Self::Stream)
    }
}

/// One connection of a client, from its handshake to its end.
pub trait Connection: Sized + Send + 'static {
    /// Connects the user or player `id` to the relay at `address` (`host:port`).
    ///
    /// # Errors
    /// If the relay does not accept within [`PATIENCE`].
    fn connect(address: &str, id: &str) -> impl Future<Output = Result<Self>> + Send;

    /// Name of the pod that answered.
    fn node(&self) -> &str;

    /// Waits for the next message, or for the end.
    fn next(&mut self) -> impl Future<Output = Result<Value, End>> + Send;

    /// Waits for the next message, at most [`PATIENCE`].
    ///
    /// # Errors
    /// If the connection ends or nothing comes.
    fn message(&mut self) -> impl Future<Output = Result<Value>> + Send {
        async {
            let message = timeout(PATIENCE, self.next()).await.context("no message came")?;
            message.map_err(|end| anyhow::anyhow!("the connection ended: {end:?}"))
        }
    }
}

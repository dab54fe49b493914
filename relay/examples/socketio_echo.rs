//! Echoes events on `/socket.io/`, with the relay's own Socket.IO transport: for conformance
//! suites.
//!
//! In the namespaces `/` and `/custom`: `auth` is emitted on connect, with the handshake's auth
//! payload; `message` is answered with `message-back` and the same arguments; `message-with-ack`
//! is acknowledged with them. Who joins none within `CONNECT_TIMEOUT` (45000 ms) is sent away.

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use relay::transport::engineio::{Options, Server};
use relay::transport::socketio::{Application, Args, Event, Peer, Reason, application};
use serde_json::{Value, json};
use support::Settings;
use tokio_util::task::TaskTracker;

/// Bytes of the largest message by default, as in the reference server.
const MAX_PAYLOAD: usize = 1_000_000;

struct Echo {
    max_payload: usize,
    connect_timeout: Duration,
}

#[async_trait]
impl Application for Echo {
    fn profile(&self) -> &'static str {
        "echo"
    }

    fn max_payload(&self) -> usize {
        self.max_payload
    }

    fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    fn max_channels(&self) -> usize {
        256
    }

    fn has(&self, namespace: &str) -> bool {
        matches!(namespace, "/" | "/custom")
    }

    async fn connected(&self, peer: &Peer, auth: Option<&str>) {
        let auth: Option<Value> = auth.and_then(|auth| serde_json::from_str(auth).ok());
        peer.emit("auth", &Args::one(&auth.unwrap_or_else(|| json!({}))));
    }

    async fn event(&self, peer: &Peer, event: Event) {
        match (event.name.as_str(), event.ack) {
            ("message", _) => drop(peer.emit("message-back", &event.args)),
            ("message-with-ack", Some(id)) => drop(peer.ack(id, &event.args)),
            _ => {}
        }
    }

    async fn disconnected(&self, _: &Peer, _: Reason) {}
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment(MAX_PAYLOAD)?;
    let hub = support::hub(&settings);
    let max_payload = settings.max_payload;
    let connect_timeout = Duration::from_millis(support::number("CONNECT_TIMEOUT", 45_000)?);
    let options = Options {
        ping_interval: settings.ping_interval,
        ping_timeout: settings.ping_timeout,
        max_payload,
        lenient: false,
        ..Options::default()
    };
    let echo = application(Arc::new(Echo { max_payload, connect_timeout }), Arc::default());
    let tasks = TaskTracker::new();
    let server = Server::new(hub.clone(), "echo".to_owned(), echo, move || options.clone(), tasks);
    let handle = move |request: Request| {
        let server = server.clone();
        async move { server.handle(request).await }
    };
    let router = Router::new().route("/socket.io", any(handle.clone())).route("/socket.io/", any(handle));
    support::serve(&settings, router).await
}

//! Echoes messages on `/engine.io/`, with the relay's own Engine.IO transport, revisions 4 and 3:
//! for conformance suites.

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use http::request;
use relay::bus::Message;
use relay::hub::{CloseCode, Wire};
use relay::transport::engineio::{
    Application, Data, EngineWire, Handler, Options, Peer, Server, Shape, Version, message_frame,
};
use support::Settings;
use tokio_util::task::TaskTracker;

/// Bytes of the largest message by default, as in the reference server.
const MAX_PAYLOAD: usize = 1_000_000;

/// No channel is ever joined, so that nothing is rendered but what a message says.
struct Plain;

impl Shape for Plain {
    const NAME_V3: &'static str = "echo/3";
    const NAME_V4: &'static str = "echo/4";

    fn render(message: &Message, _: Version) -> Vec<Data> {
        vec![Data::Text(String::from_utf8_lossy(&message.payload).into_owned())]
    }
}

struct Echo;

impl Application for Echo {
    fn profile(&self) -> &'static str {
        "echo"
    }

    fn wire(&self, version: Version) -> &'static dyn Wire {
        EngineWire::<Plain>::of(version)
    }

    fn open(&self, peer: Peer, _: &request::Parts) -> Box<dyn Handler> {
        Box::new(Client(peer))
    }
}

struct Client(Peer);

#[async_trait]
impl Handler for Client {
    async fn opened(&mut self) {}

    async fn message(&mut self, data: Data) {
        self.0.connection.send_bytes(message_frame(self.0.version, &data));
    }

    async fn closed(&mut self, _: CloseCode) {}
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment(MAX_PAYLOAD)?;
    let hub = support::hub(&settings);
    let options = Options {
        ping_interval: settings.ping_interval,
        ping_timeout: settings.ping_timeout,
        max_payload: settings.max_payload,
        lenient: false,
        ..Options::default()
    };
    let tasks = TaskTracker::new();
    let server = Server::new(hub.clone(), "echo".to_owned(), Arc::new(Echo), move || options.clone(), tasks);
    let handle = move |request: Request| {
        let server = server.clone();
        async move { server.handle(request).await }
    };
    let router = Router::new().route("/engine.io", any(handle.clone())).route("/engine.io/", any(handle));
    support::serve(&settings, router).await
}

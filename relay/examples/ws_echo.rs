//! Echoes text and binary messages on every path, with the relay's own WebSocket transport: for
//! conformance suites.

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use relay::bus::Message;
use relay::hub::{Connection, Hub, Opening, Socket, Transport};
use relay::transport::ws::{self, Handshake, Shape, WsWire, text_frame};
use support::Settings;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// Bytes of the largest message by default: twice the largest one of Autobahn's list.
const MAX_PAYLOAD: usize = 32 << 20;

/// No channel is ever joined, so that nothing is rendered but what a message says.
struct Plain;

impl Shape for Plain {
    const NAME: &'static str = "echo";

    fn render(message: &Message) -> Bytes {
        message.payload.clone()
    }
}

struct Echo;

#[async_trait]
impl ws::Session for Echo {
    async fn text(&mut self, connection: &Connection, text: String) {
        connection.send_bytes(text_frame(text.as_bytes()));
    }

    async fn binary(&mut self, connection: &Connection, data: Bytes) {
        connection.send_bytes(ws::frame(OpCode::Data(Data::Binary), &data));
    }

    fn closing(&mut self) {}
}

async fn connect(hub: Arc<Hub>, limit: usize, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let handshake = match Handshake::of(&parts) {
        Ok(handshake) => handshake,
        Err(refused) => return (refused.status(), refused.to_string()).into_response(),
    };
    let upgraded = ws::upgraded(&mut parts);
    tokio::spawn(async move {
        let Some(upgraded) = upgraded.await else { return };
        let membership = hub.open(Opening {
            socket: Socket::Tcp(upgraded.stream),
            identity: String::new(),
            channels: Vec::new(),
            profile: "echo",
            transport: Transport::WebSocket,
            wire: &WsWire::<Plain>::WIRE,
            greeting: Bytes::new(),
        });
        ws::run(membership.connection(), upgraded.early, || limit, &mut Echo).await;
    });
    handshake.response()
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment(MAX_PAYLOAD)?;
    let hub = support::hub(&settings);
    let (served, limit) = (hub.clone(), settings.max_payload);
    let router = Router::new().fallback(move |request| connect(served.clone(), limit, request));
    support::serve(&settings, router).await
}

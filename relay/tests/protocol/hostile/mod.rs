//! What strangers send, on every path, and a bystander whose connection must not notice.
//! docs/security-tests.md says which precedent each test stands for.

mod bodies;
mod document;
mod events;
mod frames;
mod heads;
mod packets;
mod redis;
mod requests;
mod smuggling;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Client, Raw, TestRelay, soon};

/// Limits that a test can reach.
const LIMITS: [(&str, &str); 2] = [("MAX_MESSAGE_SIZE", "1000"), ("SOCKETIO_MAX_HTTP_BUFFER_SIZE", "1000")];

/// A relay, and one of its clients that does no wrong.
struct Scene {
    relay: TestRelay,
    bystander: Client,
}

impl Scene {
    async fn with(settings: &[(&str, &str)]) -> Self {
        let relay = TestRelay::with(settings);
        let bystander = relay.socket("bystander").await;
        Self { relay, bystander }
    }

    /// The bystander, and nobody else, is connected, and still gets messages.
    async fn is_as_before(&mut self) {
        self.relay.has_connections(1).await;
        let push = json!({"user_id": "bystander", "data": {"message": "still there?"}});
        assert_eq!(self.relay.post("/sse/push", push).await.1["status"], "success");
        assert_eq!(self.bystander.json().await["message"], "still there?");
    }

    /// One socket of each profile.
    async fn sockets(&self) -> Vec<(String, Raw)> {
        let issued = self.relay.get("/api/v1/auth/ws-connection-token/?user_id=stranger").await;
        let token = issued["connection_token"].as_str().unwrap();
        let paths = [
            "/ws?user_id=stranger".to_owned(),
            "/ws".to_owned(),
            "/ws/ingest".to_owned(),
            "/ws/stranger".to_owned(),
            format!("/ws/chat/42/?connection_token={token}"),
            "/socket.io/?EIO=4&transport=websocket".to_owned(),
            "/socket.io/?EIO=3&transport=websocket".to_owned(),
        ];
        let mut sockets = Vec::new();
        for path in paths {
            let socket = Raw::connect(self.relay.address, &path).await;
            sockets.push((path, socket));
        }
        sockets
    }
}

/// The whole answer to bytes, up to the end of the connection.
async fn exchange(address: impl std::fmt::Display, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address.to_string()).await.unwrap();
    // A server that has seen enough may answer before it has read all.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer; 0 for none.
fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

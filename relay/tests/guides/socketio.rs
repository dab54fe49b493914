//! The guide of the Socket.IO server.

use crate::room::Room;

#[tokio::test]
async fn r002_08_x05_the_handshake_of_the_guide_is_answered_with_101() {
    let room = Room::with_relay(&[]).await;
    let curl = r#"curl -i -N \
  -H "Connection: Upgrade" \
  -H "Upgrade: websocket" \
  -H "Sec-WebSocket-Key: test" \
  -H "Sec-WebSocket-Version: 13" \
  http://localhost:8080/socket.io/"#;
    room.terminal(curl).shows("HTTP/1.1 101 Switching Protocols").await;
}

#[tokio::test]
async fn r002_09_jq_finds_the_object_of_connections() {
    let room = Room::with_relay(&[]).await;
    let expected = ["\"connected\": 0", "\"upgrades\": 0"];
    room.shows("curl http://localhost:8080/api/health | jq .websocket", &expected).await;
    room.shows("curl http://localhost:8080/api/health | jq .", &["\"status\": \"healthy\""]).await;
    room.shows("curl http://localhost:8080/api/health", &["\"websocket\":{"]).await;
}

/// The guide greps the log of a container.
#[tokio::test]
async fn r002_11_grep_finds_upgrades_in_the_log() {
    let room = Room::with_relay(&[]).await;
    let client = r#"node -e '
        const socket = require("socket.io-client")("http://localhost:8080");
        socket.io.engine.on("upgrade", () => setTimeout(() => process.exit(), 100));'"#;
    room.run(client).await;
    room.shows("cat relay.log 2>&1 | grep -i upgrade", &["Transport upgraded"]).await;
}

/// Node.js has no `localStorage`: the environment is its place for the same switch.
#[tokio::test]
async fn r002_13_the_clients_own_details_are_switched_on_as_the_guide_says() {
    let room = Room::with_relay(&[]).await;
    let client = r#"DEBUG='socket.io-client:*' node -e '
        const socket = require("socket.io-client")("http://localhost:8080");
        socket.on("connect", () => setTimeout(() => process.exit(), 100));'"#;
    room.shows(client, &["socket.io-client:socket socket connected with id"]).await;
}

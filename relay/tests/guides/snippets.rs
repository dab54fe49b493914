//! The guides' pieces of programs, as they are, with real clients below them.

use crate::room::Room;

/// A file with `snippet`, in the room.
fn file(room: &Room, name: &str, snippet: &str) {
    std::fs::write(room.folder().join(name), snippet).unwrap();
}

#[tokio::test]
async fn r001_01_the_guides_python_client_connects() {
    let room = Room::with_relay(&[]).await;
    let snippet = r#"
# Test with simple client
import websockets
import asyncio

async def test():
    try:
        async with websockets.connect("ws://localhost:8000/ws") as ws:
            print("Connected!")
    except Exception as e:
        print(f"Error: {e}")

asyncio.run(test())
"#;
    file(&room, "client.py", snippet);
    room.shows("python3 client.py", &["Connected!"]).await;
}

#[tokio::test]
async fn r001_20_the_guides_reconnecting_websocket_comes_back() {
    let mut room = Room::with_relay(&[]).await;
    let snippet = r#"
const WebSocket = require("ws");
class ReconnectingWebSocket {
    constructor(url) {
        this.url = url;
        this.reconnectInterval = 1000;
        this.maxReconnectInterval = 30000;
        this.reconnectDecay = 1.5;
        this.connect();
    }

    connect() {
        this.ws = new WebSocket(this.url);

        this.ws.onclose = () => {
            setTimeout(() => {
                this.reconnectInterval = Math.min(
                    this.reconnectInterval * this.reconnectDecay,
                    this.maxReconnectInterval
                );
                this.connect();
            }, this.reconnectInterval);
        };

        this.ws.onopen = () => {
            this.reconnectInterval = 1000;
        };
    }
}
const client = new ReconnectingWebSocket("ws://localhost:8000/ws");
// `ws` wants to be told that errors are expected, as browsers do not.
process.on("uncaughtException", () => {});
let seen;
setInterval(() => {
    if (client.ws !== seen && client.ws.readyState === 1) { seen = client.ws; console.log("opened"); }
}, 10);
"#;
    file(&room, "client.js", snippet);
    let mut client = room.terminal("node client.js");
    client.shows("opened").await;
    room.restart_relay().await;
    client.shows_again("opened").await;
}

#[tokio::test]
async fn r001_18_r001_20_the_guides_robust_event_source_comes_back() {
    let mut room = Room::with_relay(&[]).await;
    let snippet = r#"
const { EventSource } = require("eventsource");
class RobustEventSource {
    constructor(url) {
        this.url = url;
        this.reconnectInterval = 1000;
        this.connect();
    }

    connect() {
        this.eventSource = new EventSource(this.url);

        this.eventSource.onerror = () => {
            this.eventSource.close();
            setTimeout(() => this.connect(), this.reconnectInterval);
        };

        this.eventSource.onmessage = (event) => {
            this.handleMessage(JSON.parse(event.data));
        };
    }
}
class Dashboard extends RobustEventSource {
    handleMessage(message) {
        if (this.shown !== this.eventSource) console.log("message", Object.keys(message).length > 0);
        this.shown = this.eventSource;
    }
}
new Dashboard("http://localhost:8000/stream/metrics");
"#;
    file(&room, "client.js", snippet);
    let mut client = room.terminal("node client.js");
    client.shows("message true").await;
    room.restart_relay().await;
    client.shows_again("message true").await;
}

#[tokio::test]
async fn r004_01_the_guides_manual_test_of_a_websocket_connects() {
    let room = Room::with_relay(&[]).await;
    let snippet = r#"
const WebSocket = require("ws");
const sessionId = "s1";
// Verify WebSocket URL
const wsUrl = `ws://localhost:8000/ws/test_player?session_id=${sessionId}`;
console.log('WebSocket URL:', wsUrl);

// Test WebSocket connection manually
const ws = new WebSocket(wsUrl);
ws.onopen = () => console.log('WebSocket connected');
ws.onerror = (error) => console.error('WebSocket error:', error);
ws.onclose = (event) => console.log('WebSocket closed:', event);
"#;
    file(&room, "client.js", snippet);
    room.terminal("node client.js").shows("WebSocket connected").await;
}

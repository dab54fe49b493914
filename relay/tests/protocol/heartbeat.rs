//! Protocol pings (requirement 000-11).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Received, TestRelay, soon};

const QUICK: [(&str, &str); 2] = [("WS_PING_INTERVAL", "1"), ("WS_PING_TIMEOUT", "1")];

#[tokio::test]
async fn r000_11_a_silent_client_is_pinged() {
    let relay = TestRelay::with(&QUICK);
    assert_eq!(relay.socket("alice").await.next().await, Received::Ping);
}

#[tokio::test]
async fn r000_11_a_client_that_answers_pings_stays() {
    let relay = TestRelay::with(&QUICK);
    let mut alice = relay.socket("alice").await;
    for _ in 0..3 {
        assert_eq!(alice.next().await, Received::Ping);
    }
}

#[tokio::test]
async fn r000_11_a_client_that_answers_no_ping_is_told_1011() {
    let relay = TestRelay::with(&QUICK);
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    let head = "GET /ws?user_id=raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // The relay gives up on an answer to its goodbye, too.
    soon(stream.read_to_end(&mut received)).await.unwrap();
    let close = [&[0x88, 14, 3, 243], b"Ping timeout".as_slice()].concat();
    assert!(received.ends_with(&close), "{received:?}");
}

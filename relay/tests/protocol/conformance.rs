//! RFC 6455 on the wire, byte by byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{TestRelay, soon};

/// A socket after its handshake, for bytes that no library would send.
async fn raw(relay: &TestRelay, early: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    let head = "GET /ws?user_id=raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(&[head.as_bytes(), early].concat()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(soon(stream.read_u8()).await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    stream
}

/// What the server sends next.
async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// A frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

#[tokio::test]
async fn a_ping_is_answered_with_its_payload() {
    let relay = TestRelay::start();
    let mut stream = raw(&relay, b"").await;
    stream.write_all(&frame(0x89, b"abc")).await.unwrap();
    assert_eq!(read(&mut stream, 5).await, b"\x8a\x03abc");
}

#[tokio::test]
async fn bytes_right_behind_the_handshake_are_not_lost() {
    let relay = TestRelay::start();
    let mut stream = raw(&relay, &frame(0x89, b"abc")).await;
    assert_eq!(read(&mut stream, 5).await, b"\x8a\x03abc");
}

#[tokio::test]
async fn a_frame_that_comes_byte_by_byte_is_whole() {
    let relay = TestRelay::start();
    let mut stream = raw(&relay, b"").await;
    for byte in frame(0x89, b"abc") {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(read(&mut stream, 5).await, b"\x8a\x03abc");
}

#[tokio::test]
async fn a_frame_without_a_mask_is_told_1002() {
    let relay = TestRelay::start();
    let mut stream = raw(&relay, b"").await;
    stream.write_all(b"\x81\x02hi").await.unwrap();
    let close = read(&mut stream, 4).await;
    assert_eq!((close[0], u16::from_be_bytes([close[2], close[3]])), (0x88, 1002));
}

#[tokio::test]
async fn text_that_is_not_utf8_is_told_1007() {
    let relay = TestRelay::start();
    let mut stream = raw(&relay, b"").await;
    stream.write_all(&frame(0x81, &[0xc3, 0x28])).await.unwrap();
    let close = read(&mut stream, 4).await;
    assert_eq!(u16::from_be_bytes([close[2], close[3]]), 1007);
}

#[tokio::test]
async fn the_server_ends_the_connection_after_both_goodbyes() {
    let relay = TestRelay::start();
    let mut stream = raw(&relay, b"").await;
    stream.write_all(&frame(0x88, &[3, 232])).await.unwrap();
    let mut rest = Vec::new();
    soon(stream.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"\x88\x02\x03\xe8");
}

#[tokio::test]
async fn a_request_that_asks_for_no_websocket_is_told_426() {
    let relay = TestRelay::start();
    assert_eq!(reqwest::get(relay.url("/ws?user_id=a")).await.unwrap().status(), 426);
}

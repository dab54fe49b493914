//! RFC 6455 on the wire, byte by byte, where a relay might differ from the
//! [echo server](super::autobahn) that has all of its cases.

use crate::support::{Got, Raw, TestRelay, close, frame};

async fn raw(relay: &TestRelay) -> Raw {
    Raw::connect(relay.address, "/ws?user_id=raw").await
}

#[tokio::test]
async fn a_ping_is_answered_with_its_payload() {
    let relay = TestRelay::start();
    let mut client = raw(&relay).await;
    client.send(&frame(0x89, b"abc")).await;
    assert_eq!(client.next().await, Got::Pong(b"abc".to_vec()));
}

#[tokio::test]
async fn bytes_right_behind_the_handshake_are_not_lost() {
    let relay = TestRelay::start();
    let mut client = Raw::with_early(relay.address, "/ws?user_id=raw", &frame(0x89, b"abc")).await;
    assert_eq!(client.next().await, Got::Pong(b"abc".to_vec()));
}

#[tokio::test]
async fn a_frame_that_comes_byte_by_byte_is_whole() {
    let relay = TestRelay::start();
    let mut client = raw(&relay).await;
    for byte in frame(0x89, b"abc") {
        client.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.next().await, Got::Pong(b"abc".to_vec()));
}

#[tokio::test]
async fn a_frame_without_a_mask_is_told_1002() {
    let relay = TestRelay::start();
    let mut client = raw(&relay).await;
    client.send(b"\x81\x02hi").await;
    assert_eq!(client.next().await, Got::Close(1002));
}

#[tokio::test]
async fn text_that_is_not_utf8_is_told_1007() {
    let relay = TestRelay::start();
    let mut client = raw(&relay).await;
    client.send(&frame(0x81, &[0xc3, 0x28])).await;
    assert_eq!(client.next().await, Got::Close(1007));
}

#[tokio::test]
async fn the_server_ends_the_connection_after_both_goodbyes() {
    let relay = TestRelay::start();
    let mut client = raw(&relay).await;
    client.send(&close(1000, b"")).await;
    assert_eq!((client.next().await, client.next().await), (Got::Close(1000), Got::End));
}

#[tokio::test]
async fn a_client_that_broke_the_protocol_is_hung_up_on_without_its_goodbye() {
    let relay = TestRelay::start();
    let mut client = raw(&relay).await;
    client.send(&frame(0xc1, b"")).await;
    assert_eq!((client.next().await, client.next().await), (Got::Close(1002), Got::End));
}

#[tokio::test]
async fn r000_03_a_code_of_the_application_comes_back_and_makes_no_label_of_its_own() {
    let relay = TestRelay::start();
    let mut client = raw(&relay).await;
    client.send(&close(4321, b"")).await;
    assert_eq!(client.next().await, Got::Close(4321));
    drop(client);
    relay.has_connections(0).await;
    let figures = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(figures.contains(r#"code="1000""#) && !figures.contains("4321"), "{figures}");
}

#[tokio::test]
async fn a_request_that_asks_for_no_websocket_is_told_426() {
    let relay = TestRelay::start();
    assert_eq!(reqwest::get(relay.url("/ws?user_id=a")).await.unwrap().status(), 426);
}

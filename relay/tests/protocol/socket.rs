//! `/ws` of the push profile.

use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::{Client, Received, TestRelay};

#[tokio::test]
async fn r000_01_a_user_gets_a_socket_and_its_messages() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_01_a_push_right_after_the_handshake_finds_the_socket() {
    let relay = TestRelay::start();
    let url = |user: usize| format!("ws://{}/ws?user_id=u{user}", relay.address);
    for user in 0..200 {
        let _client = Client::connect(&url(user)).await;
        let (_, answer) = relay.post("/sse/push", json!({"user_id": format!("u{user}"), "data": {}})).await;
        assert_eq!(answer["status"], "success", "user {user}");
    }
}

#[tokio::test]
async fn r000_01_the_path_may_end_with_a_slash() {
    let relay = TestRelay::start();
    let _alice = Client::connect(&format!("ws://{}/ws/?user_id=alice", relay.address)).await;
    relay.has_connections(1).await;
}

#[tokio::test]
async fn r000_02_a_second_socket_of_a_user_is_refused_with_1008() {
    let relay = TestRelay::start();
    let _first = relay.socket("alice").await;
    let refused = Received::Close(1008, "User already connected".to_owned());
    assert_eq!(relay.socket("alice").await.next().await, refused);
}

#[tokio::test]
async fn r000_02_the_first_socket_stays() {
    let relay = TestRelay::start();
    let mut first = relay.socket("alice").await;
    relay.socket("alice").await.next().await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(first.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_02_a_user_who_left_may_come_back() {
    let relay = TestRelay::start();
    relay.socket("alice").await.close().await;
    relay.has_connections(0).await;
    let _second = relay.socket("alice").await;
    relay.has_connections(1).await;
}

#[tokio::test]
async fn x02_a_socket_without_user_id_is_closed_with_1008() {
    let relay = TestRelay::with(&[("WS_ANONYMOUS", "deny")]);
    let mut nobody = Client::connect(&format!("ws://{}/ws/", relay.address)).await;
    assert_eq!(nobody.next().await, Received::Close(1008, "user_id required".to_owned()));
}

#[tokio::test]
async fn r004_39_the_offered_subprotocol_is_echoed() {
    let relay = TestRelay::start();
    let url = format!("ws://{}/ws?user_id=alice", relay.address);
    let client = Client::with_headers(&url, &[("sec-websocket-protocol", "mythos-protocol")]).await.unwrap();
    assert_eq!(client.headers["sec-websocket-protocol"], "mythos-protocol");
}

#[tokio::test]
async fn x13_a_page_of_another_origin_is_refused() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let url = format!("ws://{}/ws?user_id=alice", relay.address);
    let refused = Client::with_headers(&url, &[("origin", "https://good.example.evil.example")]).await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 403));
}

#[tokio::test]
async fn x13_a_page_of_a_listed_origin_is_accepted() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let url = format!("ws://{}/ws?user_id=alice", relay.address);
    assert!(Client::with_headers(&url, &[("origin", "https://good.example")]).await.is_ok());
}

#[tokio::test]
async fn r000_03_a_client_that_says_goodbye_gets_its_code_back() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    alice.send(Message::Close(None)).await;
    assert_eq!(alice.close_code().await, 1000);
}

#[tokio::test]
async fn r000_23_nothing_is_left_of_a_client_that_vanished() {
    let relay = TestRelay::start();
    drop(relay.socket("alice").await);
    relay.has_connections(0).await;
}

#[tokio::test]
async fn a_binary_message_is_refused_with_1003() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    alice.send(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(alice.close_code().await, 1003);
}

#[tokio::test]
async fn r004_21_a_message_over_the_limit_is_refused_with_1009() {
    let relay = TestRelay::with(&[("MAX_MESSAGE_SIZE", "1000")]);
    let mut alice = relay.socket("alice").await;
    alice.send(Message::text("x".repeat(1001))).await;
    assert_eq!(alice.close_code().await, 1009);
}

#[tokio::test]
async fn x03_several_sockets_of_a_user_are_allowed_by_setting_up_to_the_cap() {
    let settings = [("DUPLICATE_POLICY", "allow"), ("MAX_CONNECTIONS_PER_PLAYER", "2")];
    let relay = TestRelay::with(&settings);
    let (mut first, mut second) = (relay.socket("alice").await, relay.socket("alice").await);
    let refused = Received::Close(1008, "Too many connections".to_owned());
    assert_eq!(relay.socket("alice").await.next().await, refused);
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    for socket in [&mut first, &mut second] {
        assert_eq!(socket.json().await["message"], "hi");
    }
}

#[tokio::test]
async fn x03_a_newer_socket_replaces_the_former_one_by_setting() {
    let relay = TestRelay::with(&[("DUPLICATE_POLICY", "replace")]);
    let mut former = relay.socket("alice").await;
    let mut newer = relay.socket("alice").await;
    let replaced = Received::Close(1008, "Replaced by a newer connection".to_owned());
    assert_eq!(former.next().await, replaced);
    assert_eq!(newer.next_or_silence().await, None);
}

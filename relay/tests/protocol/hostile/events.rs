//! Event streams: no text may begin a field of its own (CVE-2026-44214, GHSA-4hxc-9384-m385).

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Scene;
use crate::support::soon;

/// Texts that try to end their line, or their event.
const BREAKS: [&str; 6] = ["\n", "\r", "\r\n", "\n\n", "\0", "\u{2028}"];

/// The lines that the stream of `player` shows for `messages` posts, without the chunks' own.
async fn lines_after(scene: &Scene, player: &str, head: &str, post: impl AsyncFnOnce()) -> Vec<String> {
    let mut stream = TcpStream::connect(scene.relay.address).await.unwrap();
    let request = format!("GET /sse/{player} HTTP/1.0\r\nHost: x\r\n{head}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    scene.relay.has_connections(2).await;
    post().await;
    let last = json!({"player_id": player, "message": {"type": "t", "content": "the end"}});
    scene.relay.post("/api/messages", last).await;
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("the end") {
        let read = soon(stream.read_buf(&mut text)).await.unwrap();
        assert!(read > 0, "the stream must go on: {}", String::from_utf8_lossy(&text));
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(!body.contains(['\r', '\0']), "{body:?}");
    body.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn names_and_ids_with_line_ends_are_refused() {
    let scene = Scene::with(&[]).await;
    for text in BREAKS.into_iter().filter(|text| text.chars().all(char::is_control)) {
        for field in ["event_type", "event_id", "correlation_id", "user_id"] {
            let mut push = json!({"user_id": "alice", "data": {}});
            push[field] = format!("x{text}data: evil").into();
            let (status, answer) = scene.relay.post("/sse/push", push).await;
            assert_eq!((status, &answer["field"]), (422, &field.into()), "{text:?}");
        }
    }
}

#[tokio::test]
async fn no_text_of_a_message_begins_a_field_of_its_own() {
    let scene = Scene::with(&[]).await;
    let lines = lines_after(&scene, "alice", "", async || {
        for text in BREAKS {
            let evil = format!("x{text}event: evil{text}id: evil{text}retry: 1{text}data: evil{text}");
            let message = json!({"type": evil, "content": evil});
            scene.relay.post("/api/messages", json!({"player_id": "alice", "message": message})).await;
            scene.relay.post("/sse/push", json!({"user_id": "alice", "data": {evil.clone(): evil}})).await;
        }
    })
    .await;
    let forged = |line: &&String| {
        ["event: evil", "id: evil", "retry: 1", "data: evil"].iter().any(|field| line.starts_with(field))
    };
    assert_eq!(lines.iter().find(forged).filter(|line| *line != "retry: 1000"), None, "{lines:?}");
}

#[tokio::test]
async fn a_last_event_id_is_not_believed_and_not_repeated() {
    let scene = Scene::with(&[]).await;
    for (player, id) in [("a", "evil\u{1}"), ("b", "-999999999"), ("c", "évil"), ("d", &"9".repeat(5000))] {
        let head = format!("Last-Event-ID: {id}\r\n");
        if id.contains('\u{1}') {
            let request = format!("GET /sse/{player} HTTP/1.1\r\nHost: x\r\n{head}\r\n");
            assert_eq!(super::status(&super::exchange(scene.relay.address, request.as_bytes()).await), 400);
            continue;
        }
        let lines = lines_after(&scene, player, &head, async || {}).await;
        assert!(!lines.iter().any(|line| line.contains(id)), "{lines:?}");
        scene.relay.has_connections(1).await;
    }
}

//! Paths, methods and names that are not served, and how that is told.

use serde_json::Value;

use super::{Scene, exchange, status};
use crate::support::{Got, Raw};

/// The answer to a request line.
async fn ask(address: impl std::fmt::Display, line: &str) -> String {
    exchange(address, format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await
}

#[tokio::test]
async fn unknown_paths_are_told_404_on_both_ports() {
    let scene = Scene::with(&[]).await;
    for address in [scene.relay.address, scene.relay.admin] {
        for path in ["/nope", "/health/../nope", "//", "/%2e%2e/etc/passwd", "/sse/a/b/c", "/%", "/\u{e9}"] {
            let answer = ask(address, &format!("GET {path}")).await;
            assert_eq!(status(&answer), 404, "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn methods_that_are_not_served_are_told_405_and_which_are() {
    let scene = Scene::with(&[]).await;
    let served = [
        ("/health", "GET,HEAD"),
        ("/metrics", "GET,HEAD"),
        ("/sse/push/batch", "POST"),
        ("/sse/alice", "GET,HEAD"),
        ("/ws", "GET,HEAD"),
        ("/api/messages", "POST"),
        ("/api/stats", "GET,HEAD"),
        ("/api/socketio/emit", "POST"),
        ("/api/v1/auth/ws-connection-token/", "GET,HEAD,POST"),
    ];
    for (path, allowed) in served {
        for method in ["DELETE", "PATCH", "TRACE", "BREW"] {
            let answer = ask(scene.relay.address, &format!("{method} {path}")).await;
            assert_eq!(status(&answer), 405, "{method} {path}: {answer}");
            assert!(answer.contains(&format!("\r\nallow: {allowed}\r\n")), "{method} {path}: {answer}");
        }
    }
    let answer = ask(scene.relay.admin, "POST /admin/v1/drain").await;
    assert!(answer.contains("\r\nallow: PUT,DELETE\r\n"), "{answer}");
}

#[tokio::test]
async fn targets_of_other_forms_do_no_harm() {
    let mut scene = Scene::with(&[]).await;
    for (line, expected) in [
        ("GET http://elsewhere.example/health", 200),
        ("OPTIONS *", 404),
        ("CONNECT elsewhere.example:443", 404),
        ("GET elsewhere.example:443", 404),
        ("GET health", 404),
        ("GET", 400),
    ] {
        let answer = ask(scene.relay.address, line).await;
        assert_eq!(status(&answer), expected, "{line}: {answer}");
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn names_that_are_none_are_told_422_with_their_field() {
    let scene = Scene::with(&[]).await;
    let long = "x".repeat(257);
    for (path, field) in [
        (format!("/sse/{long}"), "player_id"),
        ("/sse/a%00b".to_owned(), "player_id"),
        ("/sse/a%0d%0aevil".to_owned(), "player_id"),
        ("/sse/%ff".to_owned(), "player_id"),
        ("/sse/alice?session_id=%0a".to_owned(), "session_id"),
        ("/sse/alice?session_id=a&session_id=b".to_owned(), "session_id"),
        (format!("/api/connections/{long}"), "player_id"),
        ("/api/v1/auth/ws-connection-token/?user_id=a%0ab".to_owned(), "user_id"),
    ] {
        let answer = ask(scene.relay.address, &format!("GET {path}")).await;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        assert_eq!((status(&answer), &body["field"]), (422, &field.into()), "{path}: {answer}");
    }
}

#[tokio::test]
async fn names_may_hold_what_an_address_encodes() {
    let scene = Scene::with(&[]).await;
    let answer = ask(scene.relay.address, "GET /api/connections/%C3%A9%2F%25%20%3F").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["player_id"], "é/% ?");
}

#[tokio::test]
async fn a_socket_for_several_names_at_once_is_refused() {
    let scene = Scene::with(&[]).await;
    for path in ["/ws?user_id=a&user_id=b", "/ws/a?session_id=a&session_id=b", "/ws/a%0ab"] {
        let mut socket = Raw::connect(scene.relay.address, path).await;
        assert_eq!(socket.next().await, Got::Close(1008), "{path}");
    }
}

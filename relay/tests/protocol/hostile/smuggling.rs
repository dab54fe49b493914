//! Requests that two servers in a row could read in two ways (RFC 9112 section 11.2), and other
//! protocols on our ports.

use super::{Scene, exchange, status};

/// What a second reading would find.
const HIDDEN: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn heads_with_two_readings_are_told_400_on_both_ports() {
    let mut scene = Scene::with(&[]).await;
    for lines in [
        "Host: x\r\nContent-Length: 1\r\nContent-Length: 2",
        "Host: x\r\nContent-Length: 1, 2",
        "Host: x\r\nContent-Length: +1",
        "Host: x\r\nContent-Length: -1",
        "Host: x\r\nContent-Length: 0x10",
        "Host: x\r\nContent-Length: 99999999999999999999",
        "Host: x\r\nContent-Length : 1",
        "Host: x\r\nTransfer-Encoding: chunked, identity",
        "Host: x\r\nTransfer-Encoding: xchunked",
        "Host: x\r\nTransfer-Encoding: \x0bchunked",
        "Host: x\r\nX: a\r\n b: folded",
        "Host: x\r\n X: y",
        "Host: x\r\nX\0: y",
        "Host: x\r\nX: a\rb",
        "Host: x\r\nno colon",
        "Host: x\r\nHost: y",
        "Host: a b",
        "X: no host",
    ] {
        let request = format!("POST /sse/push HTTP/1.1\r\n{lines}\r\n\r\n{HIDDEN}");
        for address in [scene.relay.address, scene.relay.admin] {
            let answer = exchange(address, request.as_bytes()).await;
            assert_eq!(status(&answer), 400, "{lines:?}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lines:?}: {answer}");
        }
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn a_body_in_chunks_with_a_length_is_read_in_chunks_and_ends_the_connection() {
    let scene = Scene::with(&[]).await;
    for both in
        ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"]
    {
        let request =
            format!("POST /sse/push HTTP/1.1\r\nHost: x\r\n{both}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}");
        let answer = exchange(scene.relay.address, request.as_bytes()).await;
        assert_eq!((status(&answer), answer.matches("HTTP/1.1 ").count()), (422, 1), "{both}: {answer}");
    }
}

#[tokio::test]
async fn chunks_that_are_none_are_told_400() {
    let scene = Scene::with(&[]).await;
    for chunks in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n{}",
        "2 x\r\n{}\r\n0\r\n\r\n",
    ] {
        let head = "POST /sse/push HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = exchange(scene.relay.address, format!("{head}{chunks}").as_bytes()).await;
        assert_eq!(status(&answer), 400, "{chunks:?}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_no_request() {
    let scene = Scene::with(&[]).await;
    let request = format!(
        "POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{HIDDEN}",
        HIDDEN.len()
    );
    let answer = exchange(scene.relay.address, request.as_bytes()).await;
    assert_eq!((status(&answer), answer.matches("HTTP/1.1 ").count()), (404, 1), "{answer}");
}

/// Floods of frames (RUSTSEC-2023-0034, 2024-0332, 2026-0258) need somebody who reads them.
#[tokio::test]
async fn http2_is_not_spoken() {
    let scene = Scene::with(&[]).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for address in [scene.relay.address, scene.relay.admin] {
        let answer = exchange(address, preface).await;
        assert!(answer.is_empty() || status(&answer) == 400, "{answer}");
        let upgrade = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
            Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n";
        assert_eq!(status(&exchange(address, upgrade.as_bytes()).await), 200);
    }
    let lock = include_str!("../../../../Cargo.lock");
    assert!(!lock.contains("name = \"h2\"\n"), "HTTP/2 would need its own limits");
}

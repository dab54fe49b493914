//! Bodies that are no requests, for every path that takes one.

use super::{LIMITS, Scene, exchange, status};

/// The paths of all profiles that take JSON.
const PATHS: [&str; 7] = [
    "/sse/push",
    "/sse/push/batch",
    "/sse/send",
    "/api/messages",
    "/api/connections/stranger/session",
    "/api/v1/chat/42/events",
    "/api/socketio/emit",
];

/// Status and body of the answer to a post.
async fn post(scene: &Scene, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
        {headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = exchange(scene.relay.address, &[head.as_bytes(), body].concat()).await;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status(&answer), body)
}

/// All paths answer 422 to `body`, and name what is wrong.
async fn all_refuse(bodies: &[&[u8]]) {
    let mut scene = Scene::with(&[]).await;
    for path in PATHS {
        for body in bodies {
            let (status, answer) = post(&scene, path, "", body).await;
            assert_eq!(status, 422, "{path}: {body:.60?}: {answer}");
            let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
            assert!(answer["error"].is_string() && answer["field"].is_string(), "{path}: {answer}");
        }
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn r000_22_bodies_that_are_no_json_are_refused_by_all_paths() {
    let deep = "[".repeat(100_000);
    all_refuse(&[
        b"",
        b"{",
        b"{}{}",
        b"\xff\xfe",
        b"{\"user_id\":\"\xff\"}",
        b"{\"a\":1e999999}",
        deep.as_bytes(),
    ])
    .await;
}

#[tokio::test]
async fn r000_22_json_of_the_wrong_type_is_refused_by_all_paths() {
    all_refuse(&[
        b"null",
        b"[[],",
        b"1",
        b"\"text\"",
        b"{}",
        br#"{"user_id":1,"player_id":[],"session_id":{},"event":2,"messages":3,"data":4,"message":5}"#,
        br#"{"user_id":"\u0000","player_id":"a\r\nb","session_id":"\u001b","event":"\n","messages":[]}"#,
    ])
    .await;
}

#[tokio::test]
async fn r004_21_bodies_over_the_limit_are_told_413_by_all_paths() {
    let mut scene = Scene::with(&LIMITS).await;
    for path in PATHS {
        let (status, answer) = post(&scene, path, "", &[b' '; 1001]).await;
        assert_eq!(status, 413, "{path}: {answer}");
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn r004_21_a_body_that_promises_too_much_is_told_413_before_it_is_sent() {
    let scene = Scene::with(&LIMITS).await;
    for length in ["1000000000000", "9223372036854775807"] {
        let request = format!("POST /sse/push HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{{");
        assert_eq!(status(&exchange(scene.relay.address, request.as_bytes()).await), 413, "{length}");
    }
}

/// A gigabyte of zeros is a megabyte in gzip: what is not inflated cannot explode.
#[tokio::test]
async fn compressed_bodies_are_not_inflated() {
    let mut scene = Scene::with(&[]).await;
    // `{}` in gzip.
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0";
    for path in PATHS {
        let (status, answer) = post(&scene, path, "Content-Encoding: gzip\r\n", gzip).await;
        assert_eq!(status, 415, "{path}: {answer}");
    }
    scene.is_as_before().await;
}

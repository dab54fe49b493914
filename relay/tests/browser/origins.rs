//! CORS and cookies.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::scenario::play;

static SEEN: LazyLock<Value> = LazyLock::new(|| play("origins.js"));

#[test]
fn r000_10_x13_a_listed_page_reads_answers() {
    assert_eq!(SEEN["allowed"]["status"], 200);
}

#[test]
fn r004_37_a_listed_page_reads_which_node_answered() {
    assert_eq!(SEEN["allowed"]["node"], "n1");
}

#[test]
fn r000_10_x13_a_page_that_is_not_listed_reads_nothing() {
    assert_eq!(SEEN["refused"], json!({"error": "TypeError"}));
}

#[test]
fn r002_07_a_listed_page_posts_after_a_preflight() {
    assert_eq!(SEEN["posted"]["status"], 200);
}

#[test]
fn r002_07_a_page_that_is_not_listed_posts_nothing() {
    assert_eq!(SEEN["postedByStranger"], json!({"error": "TypeError"}));
}

#[test]
fn r003_06_a_socket_without_a_cookie_is_closed_with_4001() {
    assert_eq!(SEEN["withoutCookie"], json!({"code": 4001, "reason": "Unauthenticated"}));
}

#[test]
fn r003_16_r003_24_a_cookie_gets_a_listed_page_a_connection_token() {
    assert_eq!(SEEN["issued"], 200);
}

#[test]
fn r003_24_a_cookie_gets_another_page_no_token() {
    assert_eq!(SEEN["issuedToStranger"], json!({"error": "TypeError"}));
}

#[test]
fn r003_02_the_token_opens_the_conversation() {
    let first: Value = serde_json::from_str(SEEN["connected"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(first["event"], "connected");
}

#[test]
fn r003_16_a_cookie_opens_a_socket_from_a_listed_page() {
    let first: Value = serde_json::from_str(SEEN["byCookie"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(first["event"], "connected");
}

#[test]
fn r003_24_x13_a_cookie_opens_no_socket_from_another_page() {
    assert_eq!(SEEN["strangerByCookie"], json!({"code": 4003, "reason": "Origin not allowed"}));
}

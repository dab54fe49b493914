//! WebSockets and Socket.IO.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::scenario::play;

static SEEN: LazyLock<Value> = LazyLock::new(|| play("sockets.js"));

/// How the browser says that a socket was closed.
fn closed(name: &str) -> Value {
    json!([SEEN[name]["opened"], SEEN[name]["code"], SEEN[name]["reason"]])
}

#[test]
fn r004_39_the_offered_subprotocol_is_chosen() {
    assert_eq!(SEEN["subprotocol"]["protocol"], "mythos-protocol");
}

#[test]
fn x02_a_page_sees_1008_where_a_user_is_required() {
    assert_eq!(closed("nobody"), json!([true, 1008, "user_id required"]));
}

#[test]
fn r003_06_a_page_sees_4001_for_a_made_up_token() {
    assert_eq!(closed("unauthenticated"), json!([true, 4001, "Unauthenticated"]));
}

#[test]
fn r000_03_a_page_sees_1012_when_the_relay_is_drained() {
    assert_eq!((&SEEN["drained"]["code"], &SEEN["drained"]["wasClean"]), (&json!(1012), &json!(true)));
}

#[test]
fn r003_24_x13_a_page_that_is_not_listed_opens_no_socket() {
    assert_eq!(SEEN["refused"]["opened"], false);
}

#[test]
fn r002_13_the_client_from_npm_upgrades_from_polling() {
    assert_eq!(
        (&SEEN["socketio"]["first"], &SEEN["socketio"]["upgraded"]),
        (&json!("polling"), &json!("websocket"))
    );
}

#[test]
fn r002_13_the_client_from_npm_is_answered() {
    assert_eq!(SEEN["socketio"]["answer"]["status"], "ok");
}

#[test]
fn r002_15_the_client_from_npm_hears_what_is_emitted_to_its_user() {
    assert_eq!(SEEN["socketio"]["heard"], "hi");
}

//! The built-in page.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::scenario::play;

static SEEN: LazyLock<Value> = LazyLock::new(|| play("page.js"));

#[test]
fn what_is_published_shows_on_every_connection_of_that_name() {
    let all = json!({"alice push 1": true, "alice dual 2": true, "alice socketio 3": true});
    assert_eq!(SEEN["published"], all);
}

#[test]
fn r000_02_the_page_shows_why_a_socket_was_refused() {
    assert_eq!(SEEN["refused"], "1008 User already connected (not welcome)");
}

#[test]
fn a_connection_is_closed_from_the_page() {
    assert!(SEEN["closed"].as_str().unwrap().starts_with("1000"), "{}", SEEN["closed"]);
}

#[test]
fn r000_26_the_page_tells_the_version() {
    let about = SEEN["about"].as_str().unwrap();
    assert!(about.starts_with(env!("CARGO_PKG_VERSION")), "{about}");
}

#[test]
fn the_page_breaks_none_of_its_own_rules() {
    assert_eq!(SEEN["complaints"], json!([]));
}

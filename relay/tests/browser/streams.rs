//! Event streams.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::scenario::play;

static SEEN: LazyLock<Value> = LazyLock::new(|| play("streams.js"));

#[test]
fn r004_02_an_event_source_hears_messages() {
    assert_eq!(SEEN["events"][0]["data"]["text"], "one");
}

#[test]
fn r001_20_an_event_source_comes_back_after_a_restart() {
    assert_eq!((&SEEN["opens"], &SEEN["events"][1]["data"]["text"]), (&json!(2), &json!("three")));
}

#[test]
fn r003_23_an_event_source_comes_back_with_the_last_id_that_it_heard() {
    assert_eq!(SEEN["lastIds"], json!([null, SEEN["events"][0]["lastEventId"]]));
}

#[test]
fn r000_10_a_stream_with_headers_of_its_own_passes_the_preflight() {
    assert_eq!(SEEN["fetched"]["data"]["text"], "two");
}

//! Clients that come back and go on where they were.

mod clients;
mod gaps;
mod kill;
pub(crate) mod line;
mod sockets;
mod streams;

use serde_json::json;

use crate::support::TestRelay;

/// A relay that keeps messages of all kinds, in its own memory.
pub(crate) const KEPT: (&str, &str) =
    ("HISTORY", "users=1000/300,rooms=1000/300,conversations=1000/300,events=1000/300");

pub(crate) fn relay() -> TestRelay {
    TestRelay::with(&[KEPT])
}

/// Pushes texts to alice, one message each.
pub(crate) async fn push(relay: &TestRelay, texts: &[&str]) {
    for text in texts {
        let (status, _) = relay.post("/sse/push", json!({"user_id": "alice", "data": {"text": text}})).await;
        assert_eq!(status, 200);
    }
}

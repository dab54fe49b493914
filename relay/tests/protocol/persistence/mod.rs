//! Sessions that outlive a process (requirements 004-26 and 004-27, conflict X-17): the real binary,
//! with real databases that are looked into by the guide's own commands.

mod postgres;
mod postgresql;
mod redis;
mod sqlite;

use serde_json::Value;

use crate::support::{Client, Process, until};

/// A socket of a player.
async fn player(relay: &Process, address: &str) -> Client {
    Client::connect(&format!("ws://127.0.0.1:{}/ws/{address}", relay.port)).await
}

async fn get(relay: &Process, path: &str) -> Value {
    let url = format!("http://127.0.0.1:{}{path}", relay.port);
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

/// The session that the relay says a player is in.
async fn session(relay: &Process, player: &str) -> Value {
    get(relay, &format!("/api/connections/{player}/session")).await["session_id"].clone()
}

/// Waits until the store is `state`.
async fn store_is(relay: &Process, state: &str) {
    until(state, async || get(relay, "/health").await["components"]["sessions"] == state).await;
}

/// Waits until `command` prints `text`.
async fn prints(text: &str, command: impl AsyncFn() -> String) {
    until(text, async || command().await.contains(text)).await;
}

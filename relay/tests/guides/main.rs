//! What the five guides tell a person to type, typed: each command as the guide has it, at the
//! addresses that the guide has, in a network of the test's own.
//!
//! Commands that a guide gives to a container (`docker compose exec redis …`, `docker logs …`) are
//! typed without the container in front.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helper says what it expects by failing"
)]

mod dual;
#[path = "../protocol/support/packages.rs"]
mod packages;
mod push;
mod room;
mod settings;
mod snippets;
mod socketio;
mod stream;
mod terminal;
mod tokens;

//! The relay as headless Chromium meets it: the built-in page, WebSocket, EventSource, CORS, cookies,
//! close codes, and clients from npm. A launch costs seconds, so that the tests of a file share one:
//! its scenario tells what a browser saw, and each test looks at one fact.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test's helper says what it expects by failing"
)]

mod origins;
#[expect(dead_code, reason = "Python is for other tests")]
#[path = "../protocol/support/packages.rs"]
mod packages;
mod page;
mod scenario;
mod sockets;
mod streams;

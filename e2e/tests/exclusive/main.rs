//! What needs the operator for itself: counting its writes, ending it, removing it.
//!
//! Run through `e2e run -- cargo test -p e2e --test exclusive -- --test-threads=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod rights;
mod steady;
mod uninstall;

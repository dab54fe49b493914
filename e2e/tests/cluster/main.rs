//! The operator and its relays on a real cluster: what a user was promised.
//!
//! Run through `e2e run -- cargo test -p e2e --test cluster`. Tests have a namespace each and may
//! run at the same time.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod around;
mod auth;
mod bad_specs;
mod budget;
mod canary;
mod conflict;
mod deletion;
mod delivery;
mod describe;
mod farewell;
mod frozen;
mod healing;
mod helm;
mod hpa;
mod live;
mod ready;
mod redis;
mod rest;
mod rolling;
mod rotation;
mod sentinel;
mod served;
mod signals;
mod storage;
mod user_redis;

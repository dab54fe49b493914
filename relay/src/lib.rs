//! The relay: a server that holds WebSocket and SSE connections and fans messages out to them,
//! across nodes through Redis.
//!
//! Dependencies point one way: [`profiles`] → [`peers`] → [`transport`], [`hub`], [`auth`] → [`bus`].
//! [`server`] puts them together.

pub mod admin;
pub mod app;
pub mod auth;
pub mod bus;
pub mod config;
pub mod debug;
pub mod drain;
#[cfg(test)]
mod fuzz;
pub mod heartbeat;
pub mod hub;
pub mod loadtest;
pub mod logs;
pub mod metrics;
pub mod page;
pub mod peers;
pub mod per_profile;
pub mod persistence;
pub mod profiles;
pub mod rate;
mod recent;
pub mod server;
mod sync;
pub mod transport;

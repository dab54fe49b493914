//! The relay as its clients meet it: real sockets, real clients, one process or its real binary.
//! Names of tests begin with the requirement rows that they cover.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test's helper says what it expects by failing"
)]

mod admin;
mod answers;
mod auth;
mod autobahn;
mod cli;
mod clients;
mod cluster;
mod conformance;
mod conversations;
mod debug;
mod drain;
mod dual;
mod events;
mod faults;
mod forwarded;
mod gates;
mod heartbeat;
mod hostile;
mod http;
mod limits;
mod loadtest;
mod logs;
mod page;
mod persistence;
mod pressure;
mod profiles;
mod proxies;
mod publish;
mod rates;
mod resume;
mod security;
mod socket;
mod socketio;
mod stream;
mod support;
mod takeover;
mod tokens;
mod topologies;
mod truth;
mod workers;

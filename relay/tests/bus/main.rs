//! The bus over a real `redis-server`, as one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "a test fails by panicking, and a binary has no outside"
)]

mod conformance;
mod cpu;
mod everywhere;
mod failover;
mod gathering;
mod history;
mod keys;
mod leases;
mod messages;
mod moving;
mod namespaces;
mod newest;
mod nodes;
mod outages;
mod places;
mod presence;
mod rotation;
mod snapshots;
mod speed;
mod support;
mod taking_over;
mod thrift;
mod tls;
mod topologies;

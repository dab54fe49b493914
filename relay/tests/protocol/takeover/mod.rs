//! Clients that come and go, and relays that keep what they take, while a Redis with replicas loses
//! its primary, hands over to another, or moves slots.

mod fault;
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the tests of the bus use the rest")]
#[path = "../../bus/support/mod.rs"]
pub(crate) mod redis;
mod report;
mod roamer;
mod scenarios;
mod session;
mod stage;
mod table;
mod traffic;

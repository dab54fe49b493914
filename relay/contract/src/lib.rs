//! What a relay and its operator agree on.
//!
//! The operator builds pods that run `relay`, and asks each of them how it is doing. Everything
//! that both sides must spell alike lives here and nowhere else: the [`admin`] API that a relay
//! serves on its own port, the names of the [`settings`] that the operator hands over, the levels of
//! [`logs`], and how both describe their [`metrics`], for which they have one [`registry`]. Beyond
//! that the crate has types and names, and no behaviour.
//!
//! With the feature `schema`, which the operator asks for, types that stand in the resource have one.

pub mod admin;
pub mod logs;
pub mod metrics;
pub mod registry;
pub mod settings;

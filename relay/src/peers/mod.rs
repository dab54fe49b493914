//! Relays that know each other: who is there, and requests that a balancer took to the wrong one.
//!
//! [`Peers`] keeps a [view] of the nodes that the bus tells of, and [forwards](Peers::forward) a
//! request to the node that it is for: over HTTP, on a bounded pool of connections to each node's
//! clients' port, once and never on from there. The owner is told where the client is in a header
//! that it believes with [proof](proof) only. A WebSocket that is forwarded is a [splice]: bytes go
//! through as they are, until either end, the owner's death or a drain ends it.
//!
//! [`Calls`] go to all nodes at once, through the bus, and name those that do not answer.
//!
//! What is forwarded or called, and what a client is told when that fails, is for profiles to know.

mod calls;
mod failure;
mod forward;
mod headers;
mod peer;
mod proof;
mod reply;
mod splice;
mod view;

pub use calls::{Answered, Answering, Answers, CallError, Calls};
pub use failure::Failure;
pub use forward::{Peers, Terms};
pub use proof::FORWARDED;
pub use splice::Splices;

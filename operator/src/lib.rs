//! The operator of `RelayCluster`: the resource's types and the controller that makes it true.
//!
//! Start at [`reconcile`], which is one visit to one cluster; [`controller`] says when there is
//! one, and [`fleet`] knows the running relays.
//!
//! # What the operator asks of the API server
//!
//! Exactly the verbs of `charts/relay-operator/files/rules.yaml`; docs/rbac.md has the reason of each. `create`
//! is asked for because a server-side apply of what does not exist is one. In the operator's own namespace,
//! for the election: `coordination.k8s.io` `leases` get, create, update.

pub mod api;
mod backoff;
pub mod check;
pub mod cli;
pub mod controller;
mod error;
pub mod fleet;
mod http;
pub mod metrics;
pub mod options;
pub mod reconcile;
mod run;
pub mod telemetry;

pub use options::{Leader, Options};
pub use run::run;

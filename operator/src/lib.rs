//! The operator of `RelayCluster`: the resource's types and the controller that makes it true.

pub mod api;

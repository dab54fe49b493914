//! Clusters without Docker, images without Docker, and what the end-to-end tests share.
//!
//! A test asks [`cluster::Cluster`] for the cluster that `e2e run` handed over, or starts an
//! [`apiserver::ApiServer`] of its own. Everything else here makes those two possible.

pub mod apiserver;
pub mod audit;
pub mod binaries;
pub mod clients;
pub mod cluster;
pub mod command;
pub mod definitions;
pub mod environment;
pub mod error;
pub mod files;
pub mod ground;
mod hash;
mod held;
pub mod images;
pub mod install;
pub mod kind;
pub mod kubernetes;
pub mod leaks;
pub mod local;
mod lock;
pub mod manifest;
pub mod mortal;
pub mod place;
pub mod progress;
pub mod provider;
pub mod requirements;
pub mod scene;
pub mod show;
pub mod simulated;
pub mod wait;

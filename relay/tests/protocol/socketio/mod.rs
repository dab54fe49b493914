//! The `socketio` profile with the real `socket.io-client`, versions 4 and 2.

mod auth;
pub(crate) mod balanced;
mod chat;
mod clients;
mod cluster;
mod echo;
mod engine_protocol;
mod handshake;
mod limits;
mod logs;
mod matrix;
mod polls;
mod raw;
mod recovery;
mod recovery_cluster;
mod restart;
mod retries;
mod rooms;
mod socket_protocol;

pub(crate) use recovery::alice;

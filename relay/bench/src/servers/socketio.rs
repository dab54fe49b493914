//! `socket.io`, the server that the protocol comes from.

use anyhow::Result;

use super::process::Server;
use super::{FILLER, Subject, npm};
use crate::crowd::Hello;
use crate::publisher::{Way, post};

/// `peers/socketio.js`
#[derive(Clone, Copy, Debug)]
pub(crate) struct SocketIo;

impl SocketIo {
    /// Starts one of several that have the Redis at `url` between them, by the adapter on streams.
    /// `recovers`: with connection state recovery.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn start_on(url: &str, recovers: bool) -> Result<Server> {
        let arguments = [url, "recovers"];
        npm::start("socketio.js", if recovers { &arguments } else { &arguments[..1] })
    }
}

impl Subject for SocketIo {
    fn name(&self) -> &'static str {
        "socket.io"
    }

    fn start(&self) -> Result<Server> {
        npm::start("socketio.js", &[])
    }

    fn user(&self, number: usize) -> Option<Hello> {
        Some(Hello::SocketIo(format!("{{\"userId\":\"u{number}\"}}")))
    }

    fn to_user(&self, number: usize, stamp: &str) -> Vec<u8> {
        post(&format!("/user/u{number}"), &format!(r#"{{"message":"{stamp} {FILLER}"}}"#))
    }

    fn subscriber(&self) -> Hello {
        Hello::SocketIo(String::new())
    }

    fn way(&self) -> Way {
        Way::Post
    }

    fn to_all(&self, stamp: &str) -> Vec<u8> {
        post("/all", &format!(r#"{{"message":"{stamp} {FILLER}"}}"#))
    }
}

//! The relay, as it is by default: with its log, on the bus in memory. One setting differs: events
//! leave when they come, as they do from the other servers, and not up to a tenth of a second later
//! to fill a batch. What comes while a delivery is under way makes a batch anyway.

use std::process::Command;

use anyhow::{Context, Result};

use super::process::{Place, Server};
use super::{FILLER, Subject};
use crate::crowd::{Hello, masked};
use crate::publisher::{Way, post};

/// A transport of the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// `/ws`
    WebSocket,
    /// `/sse/ID` and `/stream/events`
    EventStream,
    /// `/socket.io/`
    SocketIo,
}

/// The relay on one transport.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relay {
    wire: Wire,
}

impl Relay {
    /// The relay on `wire`.
    pub(crate) const fn new(wire: Wire) -> Self {
        Self { wire }
    }
}

/// Starts a relay with these settings besides.
///
/// # Errors
/// If it does not start.
pub(crate) fn start(settings: &[(&str, &str)]) -> Result<Server> {
    let place = Place::new()?;
    // Both programs are built together, into one folder.
    let program = std::env::current_exe()?.with_file_name("relay");
    let mut command = Command::new(program);
    command.env_clear().env("PORT", place.port.to_string()).env("ADMIN_LISTEN", "127.0.0.1:0");
    command.env("STREAM_BATCH_TIMEOUT_MS", "0").envs(settings.iter().copied());
    Server::start(place, &mut command).context("relay")
}

impl Subject for Relay {
    fn name(&self) -> &'static str {
        match self.wire {
            Wire::WebSocket => "relay websocket",
            Wire::EventStream => "relay sse",
            Wire::SocketIo => "relay socket.io",
        }
    }

    fn start(&self) -> Result<Server> {
        start(&[])
    }

    fn user(&self, number: usize) -> Option<Hello> {
        Some(match self.wire {
            Wire::WebSocket => Hello::WebSocket(format!("/ws?user_id=u{number}")),
            Wire::EventStream => Hello::EventStream(format!("/sse/u{number}")),
            Wire::SocketIo => Hello::SocketIo(format!("{{\"userId\":\"u{number}\"}}")),
        })
    }

    fn to_user(&self, number: usize, stamp: &str) -> Vec<u8> {
        match self.wire {
            Wire::WebSocket | Wire::EventStream => post(
                "/sse/push",
                &format!(r#"{{"user_id":"u{number}","data":{{"message":"{stamp} {FILLER}"}}}}"#),
            ),
            Wire::SocketIo => post(
                "/api/socketio/emit",
                &format!(r#"{{"event":"tick","user":"u{number}","data":{{"message":"{stamp} {FILLER}"}}}}"#),
            ),
        }
    }

    fn subscriber(&self) -> Hello {
        match self.wire {
            Wire::WebSocket => Hello::WebSocket("/ws?subscribe=true".to_owned()),
            Wire::EventStream => Hello::EventStream("/stream/events".to_owned()),
            Wire::SocketIo => Hello::SocketIo(String::new()),
        }
    }

    fn way(&self) -> Way {
        match self.wire {
            Wire::WebSocket | Wire::EventStream => Way::Frames("/ws/ingest".to_owned()),
            Wire::SocketIo => Way::Post,
        }
    }

    fn to_all(&self, stamp: &str) -> Vec<u8> {
        match self.wire {
            Wire::WebSocket | Wire::EventStream => {
                masked(format!(r#"{{"type":"tick","data":"{stamp} {FILLER}"}}"#).as_bytes())
            }
            Wire::SocketIo => post(
                "/api/socketio/emit",
                &format!(r#"{{"event":"tick","data":{{"message":"{stamp} {FILLER}"}}}}"#),
            ),
        }
    }
}

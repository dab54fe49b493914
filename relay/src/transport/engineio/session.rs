//! One session: what its requests and its task share.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::packet::{Malformed, Packet};
use super::payload::Builder;
use super::server::Handler;
use super::socket::Begun;
use super::{Data, Version};
use crate::hub::{CloseCode, Connection, Farewell};
use crate::sync::lock;
use crate::transport::ws::text_frame;

/// Told to a client that broke the protocol.
const BROKEN: Farewell = Farewell::new(CloseCode::Protocol, "Parse error");
/// Told when the client said that it goes.
const GONE: Farewell = Farewell::new(CloseCode::Normal, "");

/// Which way a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Way {
    /// It polls.
    Polling,
    /// It polls, and a WebSocket is about to take over: polls are answered at once.
    Upgrading,
    /// It is on a WebSocket.
    WebSocket,
}

/// What requests leave for the session's task.
#[derive(Default)]
struct Desk {
    /// A poll that waits for packets.
    poll: Option<oneshot::Sender<Data>>,
    /// A WebSocket that takes over.
    socket: Option<Begun>,
}

/// A session.
pub(super) struct Session {
    sid: Arc<str>,
    version: Version,
    /// The client takes bytes in the bodies of polls.
    bytes: bool,
    connection: Arc<Connection>,
    way: AtomicU8,
    desk: Mutex<Desk>,
    handler: tokio::sync::Mutex<Box<dyn Handler>>,
}

impl Session {
    pub(super) fn new(
        sid: Arc<str>,
        version: Version,
        bytes: bool,
        connection: Arc<Connection>,
        handler: Box<dyn Handler>,
    ) -> Self {
        let handler = tokio::sync::Mutex::new(handler);
        Self {
            sid,
            version,
            bytes,
            connection,
            way: AtomicU8::new(Way::Polling as u8),
            desk: Mutex::default(),
            handler,
        }
    }

    pub(super) fn sid(&self) -> &str {
        &self.sid
    }

    /// A body for a poll.
    pub(super) fn body(&self) -> Builder {
        Builder::new(self.version, self.bytes)
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(super) fn handler(&self) -> &tokio::sync::Mutex<Box<dyn Handler>> {
        &self.handler
    }

    pub(super) fn way(&self) -> Way {
        match self.way.load(Ordering::Acquire) {
            way if way == Way::Polling as u8 => Way::Polling,
            way if way == Way::Upgrading as u8 => Way::Upgrading,
            _ => Way::WebSocket,
        }
    }

    pub(super) fn set_way(&self, way: Way) {
        self.way.store(way as u8, Ordering::Release);
        self.connection.nudge();
    }

    /// Begins an upgrade, unless there was one.
    pub(super) fn begin_upgrade(&self) -> bool {
        let (from, to) = (Way::Polling as u8, Way::Upgrading as u8);
        let begun = self.way.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok();
        self.connection.nudge();
        begun
    }

    /// Leaves a poll for the task. `None`: another one waits already.
    pub(super) fn park(&self) -> Option<oneshot::Receiver<Data>> {
        let mut desk = lock(&self.desk);
        if desk.poll.is_some() {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        desk.poll = Some(sender);
        drop(desk);
        self.connection.nudge();
        Some(receiver)
    }

    /// The poll that waits.
    pub(super) fn parked(&self) -> Option<oneshot::Sender<Data>> {
        lock(&self.desk).poll.take()
    }

    /// Puts a poll back that there is nothing for.
    pub(super) fn keep_parked(&self, poll: oneshot::Sender<Data>) {
        lock(&self.desk).poll = Some(poll);
    }

    /// Leaves a WebSocket for the task.
    pub(super) fn hand_over(&self, socket: Begun) {
        lock(&self.desk).socket = Some(socket);
        self.connection.nudge();
    }

    /// The WebSocket that was left.
    pub(super) fn handed_over(&self) -> Option<Begun> {
        lock(&self.desk).socket.take()
    }

    /// Takes a packet of the client. `false`: it was the last one.
    pub(super) async fn take(&self, packet: Result<Packet, Malformed>) -> bool {
        if !self.connection.is_open() {
            return false;
        }
        match (packet, self.version) {
            (Ok(Packet::Message(data)), _) => self.message(data).await,
            (Ok(Packet::Pong), Version::V4) => self.connection.answered(),
            (Ok(Packet::Ping(text)), Version::V3) => {
                self.connection.answered();
                self.connection.send_bytes(text_frame(format!("3{text}").as_bytes()));
            }
            (Ok(Packet::Noop), _) => {}
            (Ok(Packet::Close), _) => {
                self.connection.note(CloseCode::Normal);
                match self.way() {
                    Way::WebSocket => drop(self.connection.finish(&GONE)),
                    Way::Polling | Way::Upgrading => self.connection.abort(),
                }
            }
            (Ok(Packet::Upgrade | Packet::Pong | Packet::Ping(_)) | Err(Malformed), _) => self.broken(),
        }
        self.connection.is_open()
    }

    async fn message(&self, data: Data) {
        self.handler.lock().await.message(data).await;
    }

    /// Ends the session of a client that broke the protocol.
    pub(super) fn broken(&self) {
        tracing::warn!(sid = %self.sid, "Engine.IO protocol error");
        self.connection.finish(&BROKEN);
    }
}

//! One client: its namespaces, and what its packets do.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use serde_json::json;

use super::assembly::Assembly;
use super::packet::{Kind, Malformed, Packet};
use super::server::{Application, Event};
use super::{Args, Peer, Room};
use crate::bus::Channel;
use crate::hub::{CloseCode, Connection, Farewell, Sent};
use crate::transport::engineio::{self, Data, Handler, Version, message_frame};
use crate::transport::inflow::Inflow;

/// Namespaces that one client may be in.
const MAX_NAMESPACES: usize = 16;
/// Channels that one client may take messages of, rooms of its own included.
const MAX_CHANNELS: usize = 256;

/// Told to a client that broke the protocol.
const BROKEN: Farewell = Farewell::new(CloseCode::Protocol, "Parse error");
/// Told to a client whose attachments would take the node's last room for unfinished messages.
const NO_ROOM: Farewell = Farewell::new(CloseCode::TryAgain, "No room for the message");

/// The session below a client.
#[derive(Debug)]
pub(super) struct Link {
    engine: engineio::Peer,
    pub(super) query: Box<str>,
}

impl Link {
    /// Sends messages that stay together.
    pub(super) fn send(&self, messages: &[Data]) -> Sent {
        let mut frames = BytesMut::new();
        for message in messages {
            frames.extend_from_slice(&message_frame(self.engine.version, message));
        }
        self.engine.connection.send_bytes(frames.freeze())
    }

    pub(super) fn subscribe(&self, channel: Channel) -> bool {
        let connection = &self.engine.connection;
        connection.is_subscribed(&channel)
            || (connection.subscriptions() < MAX_CHANNELS && self.engine.hub.subscribe(connection, channel))
    }

    pub(super) fn unsubscribe(&self, channel: &Channel) {
        self.engine.hub.unsubscribe(&self.engine.connection, channel);
    }
}

/// A client.
pub(super) struct Client {
    application: Arc<dyn Application>,
    link: Arc<Link>,
    peers: Vec<Peer>,
    assembly: Assembly,
    inflow: Inflow<Arc<Connection>>,
}

impl Client {
    pub(super) fn new(application: Arc<dyn Application>, engine: engineio::Peer, query: &str) -> Self {
        let inflow = Inflow::of(engine.connection.clone());
        let link = Arc::new(Link { engine, query: query.into() });
        Self { application, link, peers: Vec::new(), assembly: Assembly::default(), inflow }
    }

    fn broken(&self) {
        tracing::warn!(sid = %self.link.engine.sid, "Socket.IO protocol error");
        self.link.engine.connection.finish(&BROKEN);
    }

    async fn take(&mut self, packet: Packet, attachments: Vec<Bytes>) -> Result<(), Malformed> {
        match packet.kind {
            Kind::Connect => self.connect(&packet.namespace, Some(&packet.data)).await,
            Kind::Disconnect => {
                self.disconnect(&packet.namespace).await;
                Ok(())
            }
            Kind::Event | Kind::BinaryEvent => self.event(packet, attachments).await,
            Kind::Ack | Kind::BinaryAck => {
                tracing::debug!(sid = %self.link.engine.sid, id = packet.id, "Event acknowledged");
                Ok(())
            }
            Kind::ConnectError => Err(Malformed),
        }
    }

    async fn connect(&mut self, namespace: &str, auth: Option<&str>) -> Result<(), Malformed> {
        let auth = auth.filter(|auth| !auth.is_empty());
        if auth.is_some_and(|auth| serde_json::from_str::<serde::de::IgnoredAny>(auth).is_err()) {
            return Err(Malformed);
        }
        if self.peer(namespace).is_some() || self.peers.len() >= MAX_NAMESPACES {
            return Err(Malformed);
        }
        let peer = self.new_peer(namespace);
        if let Err(refusal) = self.application.admit(&peer, auth).await {
            self.refuse(namespace, &refusal.0);
            return Ok(());
        }
        self.link.engine.connection.introduced();
        peer.join(peer.sid());
        self.link.subscribe(Room::everyone(namespace).channel());
        self.welcome(&peer);
        self.peers.push(peer.clone());
        self.application.connected(&peer, auth).await;
        Ok(())
    }

    /// Clients of version 2 make their id themselves: that of the session, and the namespace.
    fn new_peer(&self, namespace: &str) -> Peer {
        let engine = &self.link.engine;
        let sid = match (engine.version, namespace) {
            (Version::V4, _) => format!("{}.{}", uuid::Uuid::new_v4().simple(), node_part(&engine.sid)),
            (Version::V3, "/") => engine.sid.to_string(),
            (Version::V3, _) => format!("{namespace}#{}", engine.sid),
        };
        Peer { link: self.link.clone(), namespace: namespace.into(), sid: sid.into() }
    }

    fn welcome(&self, peer: &Peer) {
        let data = match self.link.engine.version {
            Version::V4 => json!({ "sid": peer.sid() }).to_string(),
            Version::V3 => String::new(),
        };
        self.send(&Packet::new(Kind::Connect, peer.namespace(), data));
    }

    fn refuse(&self, namespace: &str, message: &str) {
        let data = match self.link.engine.version {
            Version::V4 => json!({ "message": message }),
            Version::V3 => json!(message),
        };
        tracing::info!(sid = %self.link.engine.sid, namespace, reason = message, "Namespace refused");
        self.send(&Packet::new(Kind::ConnectError, namespace, data.to_string()));
    }

    fn send(&self, packet: &Packet) {
        self.link.send(&[Data::Text(packet.encode())]);
    }

    async fn disconnect(&mut self, namespace: &str) {
        let Some(position) = self.peers.iter().position(|peer| peer.namespace() == namespace) else { return };
        let peer = self.peers.swap_remove(position);
        self.link.unsubscribe_namespace(namespace);
        self.application.disconnected(&peer).await;
    }

    async fn event(&mut self, packet: Packet, attachments: Vec<Bytes>) -> Result<(), Malformed> {
        let mut args = Args::parse(&packet.data, attachments).map_err(|_| Malformed)?;
        let name = args.take_name().ok_or(Malformed)?;
        // A client that has left, or was never let in, is not worth an answer.
        let Some(peer) = self.peer(&packet.namespace).cloned() else { return Err(Malformed) };
        self.application.event(&peer, Event { name, args, ack: packet.id }).await;
        Ok(())
    }

    fn peer(&self, namespace: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.namespace() == namespace)
    }
}

/// The part of a session's id that tells its node.
fn node_part(sid: &str) -> &str {
    sid.split_once('.').map_or("", |(_, node)| node)
}

impl Link {
    /// Leaves all rooms of a namespace.
    fn unsubscribe_namespace(&self, namespace: &str) {
        let prefix = Room::everyone(namespace).channel();
        let connection = &self.engine.connection;
        for channel in connection.subscribed_under(prefix.as_str()) {
            self.unsubscribe(&channel);
        }
    }
}

#[async_trait]
impl Handler for Client {
    /// The server of version 2 lets clients into `/` unasked; others have to ask before long.
    async fn opened(&mut self) {
        let connection = &self.link.engine.connection;
        connection.introduce_within(self.application.connect_timeout());
        if self.link.engine.version == Version::V3 && self.connect("/", None).await.is_err() {
            self.broken();
        }
    }

    async fn message(&mut self, data: Data) {
        let taken = match self.assembly.add(data, self.application.max_payload()) {
            Ok(Some((packet, attachments))) => self.take(packet, attachments).await,
            Ok(None) => Ok(()),
            Err(malformed) => Err(malformed),
        };
        if !self.inflow.hold(self.assembly.held()) {
            self.link.engine.connection.finish(&NO_ROOM);
        }
        if taken.is_err() {
            self.broken();
        }
    }

    async fn closed(&mut self) {
        for peer in std::mem::take(&mut self.peers) {
            self.application.disconnected(&peer).await;
        }
    }
}

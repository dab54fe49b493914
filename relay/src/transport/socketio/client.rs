//! One client: its namespaces, and what its packets do.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::request;
use serde_json::json;

use super::assembly::Assembly;
use super::packet::{Kind, Malformed, Packet};
use super::recovery::{self, Recovery};
use super::server::{Admission, Application, Event, Refusal};
use super::{Args, Peer, Reason, Room, Sockets};
use crate::bus::Channel;
use crate::hub::{CloseCode, Connection, Farewell, Sent};
use crate::rate::Bucket;
use crate::transport::engineio::{self, Data, Handler, Version, message_frame};
use crate::transport::inflow::Inflow;

/// Namespaces that one client may be in.
const MAX_NAMESPACES: usize = 16;

/// Told to a client that broke the protocol.
const BROKEN: Farewell = Farewell::new(CloseCode::Protocol, "Parse error");
/// Told to a client whose attachments would take the node's last room for unfinished messages.
const NO_ROOM: Farewell = Farewell::new(CloseCode::TryAgain, "No room for the message");

/// Told to a client that sends more than it may.
const FLOOD: Farewell = Farewell::new(CloseCode::Policy, "Too many messages");

/// The session below a client.
pub(super) struct Link {
    pub(super) engine: engineio::Peer,
    pub(super) application: Arc<dyn Application>,
    sockets: Arc<Sockets>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("engine", &self.engine).finish_non_exhaustive()
    }
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

    /// Where the sessions of the client are kept, if it can have one back.
    fn recovery(&self) -> Option<&Arc<Recovery>> {
        self.application.recovery().filter(|_| self.engine.version == Version::V4)
    }

    /// The client in a namespace, in no room as yet. Clients of version 2 make their id themselves: that
    /// of the session, and the namespace.
    pub(super) fn new_peer(self: &Arc<Self>, namespace: &str, user: Option<Arc<str>>) -> Peer {
        let engine = &self.engine;
        let sid = match (engine.version, namespace) {
            (Version::V4, _) => format!("{}.{}", uuid::Uuid::new_v4().simple(), node_part(&engine.sid)),
            (Version::V3, "/") => engine.sid.to_string(),
            (Version::V3, _) => format!("{namespace}#{}", engine.sid),
        };
        let (namespace, sid) = (namespace.into(), sid.into());
        Peer {
            link: self.clone(),
            namespace,
            sid,
            user,
            recovered: false,
            session: None,
            left: Arc::default(),
        }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.engine.connection
    }

    pub(super) fn subscribe(&self, channel: Channel) -> bool {
        let connection = &self.engine.connection;
        connection.is_subscribed(&channel)
            || (connection.subscriptions() < self.application.max_channels()
                && self.engine.hub.subscribe(connection, channel))
    }

    pub(super) fn unsubscribe(&self, channel: &Channel) {
        self.engine.hub.unsubscribe(&self.engine.connection, channel);
    }
}

/// A client.
pub(super) struct Client {
    link: Arc<Link>,
    known: Known,
    left: Bucket,
    peers: Vec<Peer>,
    assembly: Assembly,
    inflow: Inflow<Arc<Connection>>,
}

/// What is known of who the client is.
enum Known {
    /// Its first request.
    No(Box<request::Parts>),
    Yes(Admission),
}

impl Client {
    pub(super) fn new(
        application: Arc<dyn Application>,
        sockets: Arc<Sockets>,
        engine: engineio::Peer,
        request: &request::Parts,
    ) -> Self {
        let inflow = Inflow::of(engine.connection.clone());
        let known = Known::No(Box::new(engineio::essence(request)));
        let link = Arc::new(Link { engine, application, sockets });
        let left = Bucket::full(Instant::now());
        Self { link, known, left, peers: Vec::new(), assembly: Assembly::default(), inflow }
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
                self.acknowledged(&packet, attachments);
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
        self.peers.retain(|peer| !peer.has_left());
        if self.peer(namespace).is_some() || self.peers.len() >= MAX_NAMESPACES {
            return Err(Malformed);
        }
        let admission = match self.admit(namespace, auth).await {
            Ok(admission) => admission,
            Err(refusal) => {
                self.refuse(namespace, &refusal);
                return Ok(());
            }
        };
        self.link.engine.connection.introduced();
        let peer = match self.link.recovery() {
            Some(recovery) => recovery::enter(recovery, &self.link, namespace, auth, admission.user).await,
            None => self.enter(namespace, admission.user),
        };
        self.link.sockets.enter(&peer);
        self.peers.reserve_exact(1);
        self.peers.push(peer.clone());
        self.link.application.connected(&peer, auth).await;
        Ok(())
    }

    /// Who the client is. From when it is known on, the session lasts as long as its right.
    async fn admit(&mut self, namespace: &str, auth: Option<&str>) -> Result<Admission, Refusal> {
        let application = self.link.application.clone();
        if !application.has(namespace) {
            return Err(Refusal { message: "Invalid namespace".into(), code: CloseCode::Policy });
        }
        let request = match &self.known {
            Known::Yes(admission) => return Ok(admission.clone()),
            Known::No(request) => request,
        };
        let admission = application.authenticate(request, auth).await?;
        if let Some(lasts) = admission.lasts {
            self.link.engine.connection.expire_after(lasts);
        }
        self.known = Known::Yes(admission.clone());
        Ok(admission)
    }

    fn enter(&self, namespace: &str, user: Option<Arc<str>>) -> Peer {
        let peer = self.link.new_peer(namespace, user);
        peer.join(peer.sid());
        self.link.subscribe(Room::everyone(namespace).channel());
        // Who is told that it is in misses nothing that is sent from then on.
        self.link.application.entering(&peer);
        self.welcome(&peer);
        peer
    }

    fn welcome(&self, peer: &Peer) {
        let data = match self.link.engine.version {
            Version::V4 => json!({ "sid": peer.sid() }).to_string(),
            Version::V3 => String::new(),
        };
        self.send(&Packet::new(Kind::Connect, peer.namespace(), data));
    }

    /// In version 2 an error is any JSON; a text where there is nothing more to say, as there.
    fn refuse(&self, namespace: &str, Refusal { message, code }: &Refusal) {
        let number = code.number();
        let data = match (self.link.engine.version, code) {
            (Version::V4, CloseCode::Policy) => json!({ "message": message }),
            (Version::V4, _) => json!({ "message": message, "data": { "code": number } }),
            (Version::V3, CloseCode::Policy) => json!(message),
            (Version::V3, _) => json!({ "message": message, "code": number }),
        };
        tracing::info!(sid = %self.link.engine.sid, namespace, reason = %message, "Namespace refused");
        self.send(&Packet::new(Kind::ConnectError, namespace, data.to_string()));
    }

    fn send(&self, packet: &Packet) {
        self.link.send(&[Data::Text(packet.encode())]);
    }

    async fn disconnect(&mut self, namespace: &str) {
        let Some(position) = self.peers.iter().position(|peer| peer.namespace() == namespace) else { return };
        self.peers.swap_remove(position).depart(Reason::Disconnect).await;
    }

    /// Tells who waits for it, if anybody does.
    fn acknowledged(&self, packet: &Packet, attachments: Vec<Bytes>) {
        let parts = (self.peer(&packet.namespace), packet.id, Args::parse(&packet.data, attachments));
        let wanted = match parts {
            (Some(peer), Some(id), Ok(args)) => self.link.sockets.acknowledge(peer, id, args),
            _ => false,
        };
        tracing::debug!(sid = %self.link.engine.sid, id = packet.id, wanted, "Event acknowledged");
    }

    async fn event(&mut self, packet: Packet, attachments: Vec<Bytes>) -> Result<(), Malformed> {
        let mut args = Args::parse(&packet.data, attachments).map_err(|_| Malformed)?;
        let name = args.take_name().ok_or(Malformed)?;
        // A client that has left, or was never let in, is not worth an answer.
        let Some(peer) = self.peer(&packet.namespace).cloned() else { return Err(Malformed) };
        self.link.application.event(&peer, Event { name, args, ack: packet.id }).await;
        Ok(())
    }

    fn peer(&self, namespace: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.namespace() == namespace && !peer.has_left())
    }
}

/// The part of a session's id that tells its node.
fn node_part(sid: &str) -> &str {
    sid.split_once('.').map_or("", |(_, node)| node)
}

impl Link {
    /// The channels of all rooms of a namespace that the client is in.
    pub(super) fn rooms_of(&self, namespace: &str) -> Vec<Channel> {
        self.engine.connection.subscribed_under(Room::everyone(namespace).channel().as_str())
    }

    /// Takes a client out of a namespace.
    pub(super) async fn depart(&self, peer: &Peer, reason: Reason) {
        for channel in self.rooms_of(peer.namespace()) {
            self.unsubscribe(&channel);
        }
        self.sockets.leave(peer);
        if let Some(session) = &peer.session {
            session.end(reason.is_recoverable());
        }
        self.application.disconnected(peer, reason).await;
    }
}

#[async_trait]
impl Handler for Client {
    /// The server of version 2 lets clients into `/` unasked; others have to ask before long.
    async fn opened(&mut self) {
        let connection = &self.link.engine.connection;
        connection.introduce_within(self.link.application.connect_timeout());
        if self.link.engine.version == Version::V3 && self.connect("/", None).await.is_err() {
            self.broken();
        }
    }

    async fn message(&mut self, data: Data) {
        if !self.link.application.takes(&mut self.left) {
            tracing::warn!(sid = %self.link.engine.sid, "Too many messages");
            self.link.engine.connection.finish(&FLOOD);
            return;
        }
        let taken = match self.assembly.add(data, self.link.application.max_payload()) {
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

    async fn closed(&mut self, code: CloseCode) {
        for peer in std::mem::take(&mut self.peers) {
            peer.depart(Reason::of(code)).await;
        }
    }
}

//! Sessions that begin on a WebSocket, and those that come to one.

use std::sync::Arc;

use axum::response::Response;
use http::request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fault::Fault;
use super::query::Asked;
use super::server::Server;
use super::session::{Session, Way};
use crate::auth::ClientAddress;
use crate::transport::Permit;
use crate::transport::ws::{self, Decoder, Event, Handshake, Upgraded, text_frame};

/// Bytes that the probe and the packet after it may have.
const PROBE_LIMIT: usize = 1024;

/// A WebSocket, and what was read from it.
pub(super) struct Begun {
    pub(super) stream: TcpStream,
    pub(super) decoder: Decoder,
    pub(super) events: Vec<Event>,
    /// What counts the TCP connection.
    pub(super) permit: Option<Permit>,
}

impl Begun {
    fn new(upgraded: Upgraded, permit: Option<Permit>, limit: usize) -> Self {
        let (mut decoder, mut events) = (Decoder::default(), Vec::new());
        decoder.feed(&upgraded.early, limit, &mut events);
        Self { stream: upgraded.stream, decoder, events, permit }
    }

    /// The next text. `None`: something else came, or the end.
    async fn text(&mut self) -> Option<String> {
        let mut buffer = [0; 512];
        while self.events.is_empty() {
            let count = self.stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
            self.decoder.feed(buffer.get(..count)?, PROBE_LIMIT, &mut self.events);
        }
        match self.events.remove(0) {
            Event::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Begins a session on a WebSocket.
pub(super) fn handshake(server: &Server, asked: Asked, request: request::Parts) -> Result<Response, Fault> {
    let answer = if asked.lenient { Handshake::lenient(&request) } else { Handshake::of(&request) };
    let answer = answer.map_err(|_| Fault::BadRequest)?;
    if server.hub().total() >= server.options().max_sessions {
        return Err(Fault::NoRoom);
    }
    let begin = {
        let server = server.clone();
        async move { begin(&server, asked, request).await }
    };
    server.spawn_helper(begin);
    Ok(answer.response())
}

async fn begin(server: &Server, asked: Asked, mut request: request::Parts) {
    let permit = request.extensions.remove::<Permit>();
    let Some(upgraded) = ws::upgraded(&mut request).await else { return };
    let begun = Begun::new(upgraded, permit, server.options().max_payload);
    // The task attaches the socket before it reads; the greeting waits for it until then.
    match server.open(&asked, &request) {
        Ok(opened) => server.spawn(opened, Some(begun)),
        Err(fault) => tracing::warn!(reason = %fault, "Engine.IO session refused"),
    }
}

/// What an application may want of a request that is over: its address, its headers, and where it
/// came from.
pub(in crate::transport) fn essence(request: &request::Parts) -> request::Parts {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.uri = request.uri.clone();
    parts.headers = request.headers.clone();
    if let Some(client) = request.extensions.get::<ClientAddress>() {
        parts.extensions.insert(*client);
    }
    parts
}

/// Brings a session that polls to a WebSocket.
pub(super) fn upgrade(
    server: &Server,
    session: Arc<Session>,
    mut request: request::Parts,
) -> Result<Response, Fault> {
    let answer = Handshake::of(&request).map_err(|_| Fault::BadRequest)?;
    if session.way() != Way::Polling {
        return Err(Fault::BadRequest);
    }
    let timeout = server.options().upgrade_timeout;
    server.spawn_helper(async move {
        let permit = request.extensions.remove::<Permit>();
        let Some(upgraded) = ws::upgraded(&mut request).await else { return };
        let begun = Begun::new(upgraded, permit, PROBE_LIMIT);
        let probed = tokio::time::timeout(timeout, probe(&session, begun)).await;
        match probed {
            Ok(Some(begun)) => session.hand_over(begun),
            // The session goes on as it was; the socket is dropped.
            Ok(None) | Err(_) if session.way() == Way::Upgrading => session.set_way(Way::Polling),
            Ok(None) | Err(_) => {}
        }
    });
    Ok(answer.response())
}

/// The dance of an upgrade: probe, answer, and the client's word that it has stopped to poll.
async fn probe(session: &Session, mut begun: Begun) -> Option<Begun> {
    if begun.text().await?.as_str() != "2probe" || !session.begin_upgrade() {
        return None;
    }
    begun.stream.write_all(&text_frame(b"3probe")).await.ok()?;
    if begun.text().await?.as_str() != "5" {
        return None;
    }
    session.set_way(Way::WebSocket);
    Some(begun)
}

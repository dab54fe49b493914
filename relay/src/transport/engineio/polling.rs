//! Sessions that poll: the handshake, polls, and what they post.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{Method, header, request};

use super::fault::Fault;
use super::payload;
use super::payload_v3;
use super::query::Asked;
use super::server::{Server, answer};
use super::session::{Session, Way};
use super::{Data, Version};
use crate::hub::{CloseCode, Farewell};
use crate::transport::body;

/// Time in which a body must be complete: the largest one at three megabits a second. What it holds
/// meanwhile is charged to the node.
const BODY_TIMEOUT: Duration = Duration::from_secs(300);
/// Told when a second poll comes while one waits.
const OVERLAP: Farewell = Farewell::new(CloseCode::Policy, "Overlap");

/// Begins a session; its first packets are the answer.
pub(super) async fn handshake(
    server: &Server,
    asked: &Asked,
    request: &request::Parts,
) -> Result<Response, Fault> {
    let opened = server.open(asked, request)?;
    let session = opened.session.clone();
    let first = session.park();
    server.spawn(opened, None);
    fetch(&session, first.ok_or(Fault::BadRequest)?).await
}

/// A poll or a post of a session.
pub(super) async fn handle(
    server: &Server,
    session: Arc<Session>,
    request: request::Parts,
    body: Body,
) -> Result<Response, Fault> {
    if session.way() == Way::WebSocket {
        return Err(Fault::BadRequest);
    }
    match request.method {
        Method::GET => poll(server, &session).await,
        Method::POST => post(server, &session, &request, body).await,
        _ => Err(Fault::BadRequest),
    }
}

async fn poll(server: &Server, session: &Arc<Session>) -> Result<Response, Fault> {
    let Some(parked) = session.park() else {
        session.connection().finish(&OVERLAP);
        server.forget(session);
        return Err(Fault::BadRequest);
    };
    fetch(session, parked).await
}

/// Waits for packets.
async fn fetch(
    session: &Arc<Session>,
    parked: tokio::sync::oneshot::Receiver<Data>,
) -> Result<Response, Fault> {
    // A client that gives up drops this: the task must see that nobody waits any more.
    let _nudge = Nudge(session);
    parked.await.map(answer).map_err(|_| Fault::UnknownSid)
}

struct Nudge<'a>(&'a Session);

impl Drop for Nudge<'_> {
    fn drop(&mut self) {
        self.0.connection().nudge();
    }
}

async fn post(
    server: &Server,
    session: &Session,
    request: &request::Parts,
    body: Body,
) -> Result<Response, Fault> {
    let limit = server.options().max_payload;
    let body = body::collect(body, limit, BODY_TIMEOUT, session.connection().clone()).await?;
    let binary =
        request.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream");
    let sound = if binary && session.version() == Version::V3 {
        take_all(session, payload_v3::Packets::of(body)).await
    } else {
        let text = std::str::from_utf8(&body).map_err(|_| broken(server, session))?;
        take_all(session, payload::packets(session.version(), text)).await
    };
    if !session.connection().is_open() {
        server.forget(session);
    }
    if sound { Ok(answer(Data::Text("ok".to_owned()))) } else { Err(broken(server, session)) }
}

fn broken(server: &Server, session: &Session) -> Fault {
    session.broken();
    server.forget(session);
    Fault::BadRequest
}

/// Takes packets up to the last one. `false`: one of them was none.
async fn take_all(
    session: &Session,
    packets: impl Iterator<Item = Result<super::packet::Packet, super::packet::Malformed>> + Send,
) -> bool {
    for packet in packets {
        let sound = packet.is_ok();
        if !session.take(packet).await {
            return sound;
        }
    }
    true
}

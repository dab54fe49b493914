//! The life of one session, in a task of its own.

use async_trait::async_trait;
use bytes::Bytes;

use super::packet::Packet;
use super::server::{Opened, Server};
use super::session::{Session, Way};
use super::socket::Begun;
use super::unframe;
use crate::hub::{Connection, Socket, Turn};
use crate::transport::ws;

/// Serves a session until it is over: on the WebSocket `begun`, or by polling first.
pub(super) async fn run(server: Server, opened: Opened, begun: Option<Begun>) {
    let Opened { session, membership, client_ip } = opened;
    let transport = if begun.is_some() { "websocket" } else { "polling" };
    tracing::info!(sid = session.sid(), %client_ip, transport, protocol = ?session.version(), "Session opened");
    session.handler().lock().await.opened().await;
    let begun = match begun {
        Some(begun) => Some(begun),
        None => poll(&server, &session).await,
    };
    match begun {
        Some(begun) => on_socket(&server, &session, begun).await,
        None => server.figures().fell_back(),
    }
    server.forget(&session);
    drop(membership);
    let code = session.connection().ended_by();
    tracing::info!(sid = session.sid(), code = code.number(), "Session closed");
    session.handler().lock().await.closed(code).await;
}

/// Answers polls until a WebSocket takes over, or the session is over.
async fn poll(server: &Server, session: &Session) -> Option<Begun> {
    let _counted = server.figures().count_polling();
    let connection = session.connection();
    while connection.turn(|_| {}).await != Turn::Over {
        if let Some(begun) = session.handed_over() {
            // A poll that is late is told to go.
            answer_last(session, &[]);
            server.figures().upgraded();
            tracing::info!(sid = session.sid(), transport = "websocket", "Transport upgraded");
            return Some(begun);
        }
        if !connection.is_open() {
            server.forget(session);
            answer_last(session, &connection.take());
            return None;
        }
        answer(session);
    }
    answer_last(session, &[]);
    None
}

/// Answers the poll that waits, if there is something for it.
fn answer(session: &Session) {
    let connection = session.connection();
    let Some(poll) = session.parked() else { return };
    if poll.is_closed() {
        // What a client fetched and did not get cannot be told from what it got.
        return connection.abort();
    }
    let mut body = session.body();
    unframe::append(&mut body, session.version(), &connection.take());
    if body.is_empty() && session.way() != Way::Polling {
        body.text("6");
    }
    if body.is_empty() {
        return session.keep_parked(poll);
    }
    if poll.send(body.finish()).is_err() {
        connection.abort();
    }
}

/// Answers the poll that waits for the last time: with what `frames` hold, which ends with the
/// goodbye, or else with a packet that says nothing. A poll that comes later learns from an
/// unknown session what it would have learnt from the goodbye: to begin anew.
fn answer_last(session: &Session, frames: &[Bytes]) {
    let Some(poll) = session.parked() else { return };
    let mut body = session.body();
    unframe::append(&mut body, session.version(), frames);
    if body.is_empty() {
        body.text("6");
    }
    // Who is gone needs no answer.
    let _ = poll.send(body.finish());
}

async fn on_socket(server: &Server, session: &Session, begun: Begun) {
    let _counted = server.figures().count_websocket();
    session.set_way(Way::WebSocket);
    let connection = session.connection();
    connection.attach(Socket::Tcp(begun.stream));
    let limit = || server.options().max_payload;
    let mut feed = Feed { session };
    ws::resume(connection, begun.decoder, begun.events, limit, &mut feed).await;
    drop(begun.permit);
}

/// Takes the packets of a WebSocket.
struct Feed<'a> {
    session: &'a Session,
}

#[async_trait]
impl ws::Session for Feed<'_> {
    async fn text(&mut self, connection: &Connection, text: String) {
        let packet = Packet::from_text(&text);
        drop(text);
        let over = matches!(packet, Ok(Packet::Close));
        self.session.take(packet).await;
        if over {
            connection.complete();
        }
    }

    async fn binary(&mut self, _: &Connection, data: Bytes) {
        self.session.take(Packet::from_bytes(self.session.version(), data)).await;
    }

    fn closing(&mut self) {}
}

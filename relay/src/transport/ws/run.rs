//! The life of one WebSocket connection in the hub.

use async_trait::async_trait;
use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use super::inflow::Inflow;
use super::{Decoder, Event, frame};
use crate::hub::{CloseCode, Connection, Farewell, Turn};

/// Told to a client whose message would take the node's last room for unfinished ones.
const NO_ROOM: Farewell = Farewell::new(CloseCode::TryAgain, "No room for the message");

/// What a profile does with the messages of one client.
#[async_trait]
pub trait Session: Send {
    /// Takes a text message. The client's next one waits until this returns.
    async fn text(&mut self, connection: &Connection, text: String);

    /// Takes a binary message.
    async fn binary(&mut self, connection: &Connection, data: Bytes);

    /// Told once when the connection begins to end, before the peer is told: no message reaches it
    /// any more. Not told of a connection that breaks.
    fn closing(&mut self);
}

/// Serves a connection until it is over. `early` came right after the handshake; `limit` gives the
/// bytes that a message may have.
pub async fn run(
    connection: &Connection,
    early: Bytes,
    limit: impl Fn() -> usize + Send + Sync,
    session: &mut dyn Session,
) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    decoder.feed(&early, limit(), &mut events);
    // It may be a view of the HTTP server's whole buffer.
    drop(early);
    resume(connection, decoder, events, limit, session).await;
}

/// As [`run`], for a socket of which `decoder` has taken bytes already, and got `events` from them.
pub async fn resume(
    connection: &Connection,
    mut decoder: Decoder,
    mut events: Vec<Event>,
    limit: impl Fn() -> usize + Send + Sync,
    session: &mut dyn Session,
) {
    let mut closing = false;
    let mut inflow = Inflow::of(connection);
    loop {
        for event in std::mem::take(&mut events) {
            take(connection, event, session).await;
        }
        if !inflow.hold(decoder.held()) {
            connection.finish(&NO_ROOM);
        }
        if !closing && !connection.is_open() {
            closing = true;
            session.closing();
        }
        let turn = connection.turn(|bytes| decoder.feed(bytes, limit(), &mut events)).await;
        match turn {
            Turn::Read => connection.answered(),
            Turn::Woken => {}
            Turn::Over => return,
        }
    }
}

async fn take(connection: &Connection, event: Event, session: &mut dyn Session) {
    match event {
        // After our goodbye only the client's one matters (RFC 6455 section 5.5.1).
        Event::Text(text) if connection.is_open() => session.text(connection, text).await,
        Event::Binary(data) if connection.is_open() => session.binary(connection, data).await,
        Event::Ping(payload) => {
            connection.send_bytes(frame(OpCode::Control(Control::Pong), &payload));
        }
        Event::Text(_) | Event::Binary(_) | Event::Pong => {}
        Event::Close(code) => answer_close(connection, code),
        Event::Violation(farewell) => {
            connection.finish(&farewell);
        }
    }
}

/// The client's code comes back to it; one that may not be sent becomes 1000.
fn answer_close(connection: &Connection, code: CloseCode) {
    connection.note(code);
    let code = if code == CloseCode::NoStatus { CloseCode::Normal } else { code };
    connection.finish(&Farewell::new(code, ""));
    connection.complete();
}

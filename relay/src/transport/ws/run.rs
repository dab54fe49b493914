//! The life of one WebSocket connection in the hub.

use async_trait::async_trait;
use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use super::{Decoder, Event, frame};
use crate::hub::{CloseCode, Connection, Farewell, Turn};
use crate::transport::inflow::Inflow;

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
            // What else the client says is not understood, its goodbye included.
            connection.complete();
        }
    }
}

/// The client's code comes back to it; none becomes 1000.
fn answer_close(connection: &Connection, code: CloseCode) {
    connection.note(code);
    let code = if code == CloseCode::NoStatus { CloseCode::Normal } else { code };
    connection.finish(&Farewell::new(code, ""));
    connection.complete();
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    use super::*;
    use crate::bus::Message;
    use crate::hub::{Hub, Opening, Socket, Transport, testing};
    use crate::transport::ws::{Shape, WsWire, text_frame};

    /// Echoes, and panics over the word for it.
    struct Fragile;

    #[async_trait]
    impl Session for Fragile {
        async fn text(&mut self, connection: &Connection, text: String) {
            assert!(text != "boom", "a fault of ours that a client found");
            connection.send_bytes(text_frame(text.as_bytes()));
        }

        async fn binary(&mut self, _: &Connection, _: Bytes) {}

        fn closing(&mut self) {}
    }

    impl Shape for Fragile {
        const NAME: &'static str = "fragile";

        fn render(message: &Message) -> Bytes {
            message.payload.clone()
        }
    }

    fn connect(hub: &std::sync::Arc<Hub>) -> (UnixStream, tokio::task::JoinHandle<()>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let membership = hub.open(Opening {
            socket: Socket::Unix(ours),
            identity: String::new(),
            channels: Vec::new(),
            profile: "fragile",
            transport: Transport::WebSocket,
            wire: &WsWire::<Fragile>::WIRE,
            greeting: Bytes::new(),
        });
        let serve = async move { run(membership.connection(), Bytes::new(), || 100, &mut Fragile).await };
        (theirs, tokio::spawn(serve))
    }

    #[tokio::test]
    async fn a_panic_over_a_message_ends_that_connection_and_no_other() {
        let hub = testing::hub();
        let (mut bad, ended) = connect(&hub);
        let (mut good, _task) = connect(&hub);
        bad.write_all(b"\x81\x84\0\0\0\0boom").await.unwrap();
        assert!(ended.await.is_err_and(|error| error.is_panic()));
        assert_eq!(hub.total(), 1);
        good.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
        let mut echo = [0; 4];
        good.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, b"\x81\x02hi");
    }
}

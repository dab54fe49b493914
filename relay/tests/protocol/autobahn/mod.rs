//! The cases of Autobahn's fuzzing client, by their numbers, against the example `ws_echo`.
//!
//! Own runner: the suite itself needs Python 2. What it calls OK is asked for here; what it calls
//! non-strict (text found to be no UTF-8 only at the end of its message) is a failure.

mod closes;
mod fragments;
mod framing;
mod limits;
mod opcodes;
mod utf8;

use crate::support::{Example, Got, Raw, close};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// Taken off an opcode, leaves a frame that is not the last one of its message.
const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0x00;

/// The server broke off, and said so.
const FAILED: Got = Got::Close(1002);

/// One case: what is sent, and what has to come back.
struct Case {
    id: String,
    /// Each is written by itself.
    send: Vec<Vec<u8>>,
    /// With a goodbye at the end, the server's; without, the client says goodbye.
    expected: Vec<Got>,
}

fn case(id: impl Into<String>, send: &[Vec<u8>], expected: &[Got]) -> Case {
    Case { id: id.into(), send: send.to_vec(), expected: expected.to_vec() }
}

impl Case {
    /// The same bytes, in pieces of `size`.
    fn chopped(mut self, id: &str, size: usize) -> Self {
        self.id = id.to_owned();
        self.send = self.send.concat().chunks(size).map(<[u8]>::to_vec).collect();
        self
    }

    /// The same bytes, frame by frame, and octet by octet.
    fn thrice(self, ids: [&str; 3]) -> [Self; 3] {
        let whole = case(ids[0], &[self.send.concat()], &self.expected);
        let octets = case(ids[2], &self.send, &self.expected).chopped(ids[2], 1);
        [whole, Self { id: ids[1].to_owned(), ..self }, octets]
    }
}

fn text(text: &str) -> Got {
    Got::Text(text.to_owned())
}

/// A server for the cases.
async fn server() -> Example {
    Example::start("ws_echo", &[]).await
}

/// Runs cases, each on a connection of its own.
async fn run(cases: impl IntoIterator<Item = Case>) {
    let server = server().await;
    for case in cases {
        run_one(&server, case).await;
    }
}

async fn run_one(server: &Example, Case { id, send, mut expected }: Case) {
    let mut client = Raw::connect(&server.address, "/").await;
    for piece in &send {
        client.send(piece).await;
        tokio::task::yield_now().await;
    }
    if !matches!(expected.last(), Some(Got::Close(_))) {
        client.send(&close(1000, b"")).await;
        expected.push(Got::Close(1000));
    }
    expected.push(Got::End);
    for (place, expected) in expected.into_iter().enumerate() {
        assert_eq!(client.next().await, expected, "case {id}, frame {place} of the answer");
    }
}

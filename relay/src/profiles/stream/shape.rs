//! Events as clients see them: each in a frame of its own, a whole batch in one write (conflict
//! X-15). A batch crosses the hub and the bus as one message, whose payload is a JSON array.

use bytes::Bytes;
use serde_json::value::RawValue;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::Event;
use crate::bus::{Channel, Message, Position};
use crate::hub::{Farewell, Frame, Missed, Pulse, Wire};
use crate::profiles::resume::{gap_event, gap_message, with_position};
use crate::transport::sse;
use crate::transport::ws::{close_frame, frame, text_frame};

/// What keeps an anonymous socket alive, as its client sees it (requirement 001-03).
const PING: &str = r#"{"type":"ping"}"#;

/// The message that holds a batch.
pub(super) fn message(events: &[Event]) -> Message {
    let size = events.iter().map(|event| event.json.len() + 1).sum::<usize>() + 1;
    let mut payload = Vec::with_capacity(size);
    for event in events {
        payload.push(if payload.is_empty() { b'[' } else { b',' });
        payload.extend_from_slice(&event.json);
    }
    payload.push(b']');
    Message::new(Channel::events(), "events", payload)
}

fn each(message: &Message) -> Vec<&RawValue> {
    // Made by `message` above, here or on another node.
    serde_json::from_slice(&message.payload).unwrap_or_default()
}

/// How a socket wants its events (requirement 001-19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// JSON in text messages.
    Json,
    /// MessagePack in binary messages.
    MessagePack,
}

impl Packing {
    /// The wire of a socket; of one that has asked, the last event of a batch tells where it stands.
    pub(super) fn wire(self, asked: bool) -> &'static dyn Wire {
        match (self, asked) {
            (Self::Json, false) => &EventWire { packing: Self::Json, asked: false },
            (Self::Json, true) => &EventWire { packing: Self::Json, asked: true },
            (Self::MessagePack, false) => &EventWire { packing: Self::MessagePack, asked: false },
            (Self::MessagePack, true) => &EventWire { packing: Self::MessagePack, asked: true },
        }
    }

    /// One frame with what the JSON says.
    pub(super) fn frame(self, json: &str) -> Bytes {
        match self {
            Self::Json => text_frame(json.as_bytes()),
            Self::MessagePack => {
                let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
                let packed = rmp_serde::to_vec_named(&value).unwrap_or_default();
                frame(OpCode::Data(Data::Binary), &packed)
            }
        }
    }
}

/// The wire of anonymous sockets.
#[derive(Clone, Copy, Debug)]
struct EventWire {
    packing: Packing,
    asked: bool,
}

impl Wire for EventWire {
    fn name(&self) -> &'static str {
        match (self.packing, self.asked) {
            (Packing::Json, false) => "stream/ws",
            (Packing::Json, true) => "stream/ws/resume",
            (Packing::MessagePack, false) => "stream/ws/msgpack",
            (Packing::MessagePack, true) => "stream/ws/msgpack/resume",
        }
    }

    fn encode(&self, message: &Message) -> Frame {
        let events = each(message);
        let mut frames: Vec<_> = events.iter().map(|event| self.packing.frame(event.get())).collect();
        if let (true, Some(position), Some(event), Some(frame)) =
            (self.asked, message.position, events.last(), frames.last_mut())
        {
            let told = with_position(event.get().as_bytes(), position);
            *frame = told.map_or(frame.clone(), |told| self.packing.frame(&String::from_utf8_lossy(&told)));
        }
        Frame { bytes: frames.concat().into(), last: false }
    }

    /// The guide's clients do not answer their heartbeat, but every client's library answers a
    /// protocol ping: so one follows (conflict X-14).
    fn pulse(&self) -> Pulse {
        let ping = frame(OpCode::Control(Control::Ping), b"");
        Pulse::Probe([self.packing.frame(PING), ping].concat().into())
    }

    fn goodbye(&self, farewell: &Farewell) -> Bytes {
        close_frame(farewell)
    }

    fn awaits_answer(&self) -> bool {
        true
    }

    fn missed(&self, at: Position) -> Missed {
        match self.asked {
            true => Missed::Told(self.packing.frame(&gap_message(at, "type"))),
            false => Missed::Untold,
        }
    }
}

/// Events on an event stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventLines;

impl sse::Shape for EventLines {
    const NAME: &'static str = "stream/sse";
    const CHUNKED_NAME: &'static str = "stream/sse/chunked";

    fn render(message: &Message) -> (String, bool) {
        (each(message).iter().map(|event| data(event.get())).collect(), false)
    }
}

/// The same where a history is kept: the last event of a batch tells the position, so that nobody
/// goes on from the middle of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptLines;

impl sse::Shape for KeptLines {
    const NAME: &'static str = "stream/sse/kept";
    const CHUNKED_NAME: &'static str = "stream/sse/kept/chunked";

    fn render(message: &Message) -> (String, bool) {
        let position = message.position.map(|position| position.to_string());
        let events = each(message);
        let last = events.len().saturating_sub(1);
        let lines = events.iter().enumerate().map(|(number, event)| {
            let id = position.as_deref().filter(|_| number == last);
            sse::Event { id, data: Some(event.get()), ..sse::Event::default() }.to_text()
        });
        (lines.collect(), false)
    }

    fn missed(at: Position) -> Option<String> {
        Some(gap_event(at))
    }
}

/// Statistics on the dashboard's event stream (requirement 001-18).
#[derive(Clone, Copy, Debug)]
pub(super) struct Statistics;

impl sse::Shape for Statistics {
    const NAME: &'static str = "stream/dashboard";
    const CHUNKED_NAME: &'static str = "stream/dashboard/chunked";

    fn render(message: &Message) -> (String, bool) {
        (data(&String::from_utf8_lossy(&message.payload)), false)
    }
}

fn data(json: &str) -> String {
    sse::Event { data: Some(json), ..sse::Event::default() }.to_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Message {
        let events = [r#"{"a":1}"#, r#"{"b":[2]}"#].map(|json| Event {
            id: "1".into(),
            kind: "t".into(),
            json: json.into(),
        });
        message(&events)
    }

    #[test]
    fn a_batch_is_one_json_array() {
        assert_eq!(batch().payload, r#"[{"a":1},{"b":[2]}]"#);
    }

    #[test]
    fn x15_each_event_is_a_text_frame_and_all_are_one_write() {
        assert_eq!(
            Packing::Json.wire(false).encode(&batch()).bytes,
            b"\x81\x07{\"a\":1}\x81\x09{\"b\":[2]}"[..]
        );
    }

    #[test]
    fn r001_19_message_pack_is_in_binary_frames() {
        let bytes = Packing::MessagePack.wire(false).encode(&batch()).bytes;
        assert_eq!(bytes, b"\x82\x04\x81\xa1a\x01\x82\x05\x81\xa1b\x91\x02"[..]);
    }

    #[test]
    fn r001_18_each_event_is_a_data_line() {
        use sse::Shape as _;
        assert_eq!(EventLines::render(&batch()).0, "data: {\"a\":1}\n\ndata: {\"b\":[2]}\n\n");
    }

    #[test]
    fn where_a_history_is_kept_the_last_event_of_a_batch_tells_the_position() {
        use sse::Shape as _;
        let position = "0000000000000001-7".parse().ok();
        let batch = Message { position, ..batch() };
        let expected = "data: {\"a\":1}\n\nid: 0000000000000001-7\ndata: {\"b\":[2]}\n\n";
        assert_eq!(KeptLines::render(&batch).0, expected);
        let bytes = Packing::Json.wire(true).encode(&batch).bytes;
        let frames = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            frames.contains("{\"a\":1}") && frames.ends_with(r#"{"b":[2],"resume":"0000000000000001-7"}"#)
        );
    }

    #[test]
    fn x14_the_heartbeat_is_a_json_frame_and_a_protocol_ping() {
        let Pulse::Probe(bytes) = Packing::Json.wire(false).pulse() else { panic!("a probe") };
        assert_eq!(bytes, [b"\x81\x0f", PING.as_bytes(), b"\x89\x00"].concat());
    }
}

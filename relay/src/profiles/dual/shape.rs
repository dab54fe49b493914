//! Messages as players' streams show them.

use bytes::Bytes;
use serde_json::Value;

use crate::bus::{Message, Position};
use crate::profiles::resume::{Resumable, gap_event};
use crate::transport::{sse, ws};

/// One event per message; its data carries `id` and `timestamp` (requirement 004-24).
#[derive(Clone, Copy, Debug)]
pub(super) struct PlayerEvent;

impl sse::Shape for PlayerEvent {
    const NAME: &'static str = "dual/sse";
    const CHUNKED_NAME: &'static str = "dual/sse/chunked";

    fn render(message: &Message) -> (String, bool) {
        (event(message, Some(&message.id)), false)
    }
}

/// The same where a history is kept: the id of the event is its position, so that the client can go on
/// from it. What has no position leaves the client where it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptEvent;

impl sse::Shape for KeptEvent {
    const NAME: &'static str = "dual/sse/kept";
    const CHUNKED_NAME: &'static str = "dual/sse/kept/chunked";

    fn render(message: &Message) -> (String, bool) {
        let position = message.position.map(|position| position.to_string());
        (event(message, position.as_deref()), false)
    }

    fn missed(at: Position) -> Option<String> {
        Some(gap_event(at))
    }
}

fn event(message: &Message, id: Option<&str>) -> String {
    let data = data(message);
    sse::Event { retry: None, id, name: Some(&message.kind), data: Some(&data) }.to_text()
}

/// The same object in a text message of a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlayerMessage;

impl ws::Shape for PlayerMessage {
    const NAME: &'static str = "dual/ws";

    fn render(message: &Message) -> Bytes {
        data(message).into()
    }
}

impl Resumable for PlayerMessage {
    const RESUMABLE: &'static str = "dual/ws/resume";
}

fn data(message: &Message) -> String {
    let payload = String::from_utf8_lossy(&message.payload);
    let Ok(Value::Object(mut object)) = serde_json::from_str(&payload) else {
        return payload.into_owned();
    };
    object.entry("id").or_insert_with(|| message.id.clone().into());
    object.entry("timestamp").or_insert_with(|| timestamp(message).into());
    Value::Object(object).to_string()
}

/// When the message was accepted, as RFC 3339 has it.
pub(super) fn timestamp(message: &Message) -> String {
    jiff::Timestamp::from_millisecond(message.timestamp).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Channel;
    use crate::transport::sse::Shape;

    #[test]
    fn r004_24_an_event_carries_id_and_time() {
        let message = Message {
            id: "m1".to_owned(),
            channel: Channel::user("a"),
            position: None,
            timestamp: 0,
            kind: "message".to_owned(),
            payload: r#"{"type":"t"}"#.into(),
        };
        let expected = "id: m1\nevent: message\n\
            data: {\"id\":\"m1\",\"timestamp\":\"1970-01-01T00:00:00Z\",\"type\":\"t\"}\n\n";
        assert_eq!(PlayerEvent::render(&message).0, expected);
    }
}

//! Messages as players' streams show them.

use bytes::Bytes;
use serde_json::Value;

use crate::bus::Message;
use crate::transport::{sse, ws};

/// One event per message; its data carries `id` and `timestamp` (requirement 004-24).
#[derive(Clone, Copy, Debug)]
pub(super) struct PlayerEvent;

impl sse::Shape for PlayerEvent {
    const NAME: &'static str = "dual/sse";
    const CHUNKED_NAME: &'static str = "dual/sse/chunked";

    fn render(message: &Message) -> (String, bool) {
        let data = data(message);
        let event =
            sse::Event { retry: None, id: Some(&message.id), name: Some(&message.kind), data: Some(&data) };
        (event.to_text(), false)
    }
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

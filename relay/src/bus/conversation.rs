//! Events of conversations, as workers outside write them (requirements 003-15 and 003-22).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Channel, Message};

/// The message that carries an event to the sockets of a conversation. `None`: it has no text
/// `event`.
///
/// Sockets get the object as it is, with an `id` if it has none (requirement 003-23). A chunk has
/// its text in `content` (conflict X-15).
pub fn conversation_event(conversation: &str, mut event: Map<String, Value>) -> Option<Message> {
    let kind = event.get("event")?.as_str()?.to_owned();
    let given = event.get("id").and_then(Value::as_str).map(str::to_owned);
    let id = given.unwrap_or_else(|| Uuid::new_v4().to_string());
    event.insert("id".to_owned(), id.clone().into());
    Some(Message {
        id,
        channel: Channel::conversation(conversation),
        position: None,
        timestamp: jiff::Timestamp::now().as_millisecond(),
        kind,
        payload: Value::Object(event).to_string().into(),
    })
}

/// The same from the text of a worker, whose object names its `conversation_id`.
pub(super) fn parse(text: &[u8]) -> Option<Message> {
    let mut event: Map<String, Value> = serde_json::from_slice(text).ok()?;
    let conversation = event.remove("conversation_id")?.as_str()?.to_owned();
    conversation_event(&conversation, event)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    proptest! {
        #[test]
        fn fuzz_any_text_of_a_worker_is_an_event_or_none(value in fuzz::json(), bytes: Vec<u8>) {
            let _ = parse(&bytes);
            if let Some(message) = parse(value.to_string().as_bytes()) {
                prop_assert!(serde_json::from_slice::<Value>(&message.payload).is_ok());
            }
        }
    }

    #[test]
    fn r003_15_a_chunk_keeps_its_content_and_gets_an_id() {
        let message = parse(br#"{"conversation_id":"7","event":"chunk","content":"Hi"}"#).unwrap();
        let payload: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(message.channel, Channel::conversation("7"));
        assert_eq!((&payload["content"], &payload["id"]), (&"Hi".into(), &message.id.clone().into()));
    }

    #[test]
    fn r003_23_a_given_id_is_kept() {
        let message = parse(br#"{"conversation_id":"7","event":"chunk","id":"mine"}"#).unwrap();
        assert_eq!(message.id, "mine");
    }

    #[test]
    fn what_is_no_event_is_none() {
        for text in ["", "[]", "{}", r#"{"event":"chunk"}"#, r#"{"conversation_id":7,"event":"chunk"}"#] {
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}

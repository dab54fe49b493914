//! One event of the stream, as clients send it (requirements 001-02 and 001-19).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Bytes of the texts that name things: id, source and type.
const MAX_NAME: usize = 256;

/// Values within values that JSON may have, too: what is deeper could not be read again.
const MAX_DEPTH: usize = 128;

/// An event, checked and completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique; given by the client or by us.
    pub id: Box<str>,
    /// Its type, such as `sensor_data`.
    pub kind: Box<str>,
    /// The whole object, with `id`, `source`, `type`, `timestamp`, `data` and `metadata`.
    pub json: Bytes,
}

/// Why something is no event.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    /// It is no JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It is no MessagePack.
    #[error("{0}")]
    MessagePack(#[from] rmp_serde::decode::Error),
    /// It is no object.
    #[error("an event must be an object")]
    NoObject,
    /// It has no type.
    #[error("Missing required field: type")]
    NoType,
    /// A text is something else, or too long.
    #[error("{0} must be a string of at most {MAX_NAME} bytes")]
    NoText(&'static str),
}

impl Event {
    /// An event in JSON; `source` is where it came from, unless it says so itself.
    ///
    /// # Errors
    /// [`BadEvent`] tells what is wrong.
    pub fn from_json(text: &[u8], source: &str) -> Result<Self, BadEvent> {
        Self::from_value(serde_json::from_slice(text)?, source)
    }

    /// The same in MessagePack, with maps for objects.
    ///
    /// # Errors
    /// [`BadEvent`] tells what is wrong.
    pub fn from_message_pack(data: &[u8], source: &str) -> Result<Self, BadEvent> {
        let mut reader = rmp_serde::Deserializer::from_read_ref(data);
        reader.set_max_depth(MAX_DEPTH);
        Self::from_value(Value::deserialize(&mut reader)?, source)
    }

    fn from_value(value: Value, source: &str) -> Result<Self, BadEvent> {
        let Value::Object(mut event) = value else { return Err(BadEvent::NoObject) };
        let kind = text(&event, "type")?.ok_or(BadEvent::NoType)?;
        let id = text(&event, "id")?.unwrap_or_else(|| Uuid::new_v4().to_string().into());
        let source = text(&event, "source")?.unwrap_or_else(|| source.into());
        event.insert("id".to_owned(), (*id).into());
        event.insert("source".to_owned(), (*source).into());
        event.entry("timestamp").or_insert_with(|| jiff::Timestamp::now().to_string().into());
        event.entry("data").or_insert(Value::Null);
        event.entry("metadata").or_insert_with(|| Map::new().into());
        Ok(Self { id, kind, json: Value::Object(event).to_string().into() })
    }
}

fn text(event: &Map<String, Value>, field: &'static str) -> Result<Option<Box<str>>, BadEvent> {
    match event.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= MAX_NAME => Ok(Some(text.as_str().into())),
        Some(_) => Err(BadEvent::NoText(field)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::fuzz;

    #[test]
    fn r001_02_the_guides_message_is_an_event() {
        let event = Event::from_json(br#"{"type": "test", "data": {"value": 42}}"#, "ws").unwrap();
        let object: Value = serde_json::from_slice(&event.json).unwrap();
        assert_eq!((&object["data"]["value"], &object["source"]), (&json!(42), &json!("ws")));
    }

    #[test]
    fn r001_02_what_the_client_says_is_kept() {
        let given = json!({"id": "1", "source": "s", "type": "t", "timestamp": "now", "data": [], "metadata": {"a": 1}});
        let event = Event::from_json(given.to_string().as_bytes(), "ws").unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&event.json).unwrap(), given);
    }

    #[test]
    fn r001_15_what_is_no_event_is_told_why() {
        for (text, why) in [
            ("[]", "an event must be an object"),
            ("{}", "Missing required field: type"),
            (r#"{"type": 1}"#, "type must be a string of at most 256 bytes"),
        ] {
            assert_eq!(Event::from_json(text.as_bytes(), "ws").unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn r001_19_message_pack_holds_the_same_event() {
        let given = json!({"id": "1", "type": "t", "timestamp": "now", "data": {"value": 42}});
        let packed = rmp_serde::to_vec_named(&given).unwrap();
        let unpacked = Event::from_message_pack(&packed, "ws").unwrap();
        assert_eq!(unpacked, Event::from_json(given.to_string().as_bytes(), "ws").unwrap());
    }

    #[test]
    fn values_too_deep_to_be_read_again_are_no_event() {
        for depth in [MAX_DEPTH + 1, 1_000_000] {
            assert!(Event::from_message_pack(&[vec![0x91; depth], vec![0x90]].concat(), "x").is_err());
            assert!(Event::from_json("[".repeat(depth).as_bytes(), "x").is_err());
        }
    }

    proptest! {
        #[test]
        fn fuzz_any_bytes_are_an_event_or_not(bytes: Vec<u8>) {
            let _ = (Event::from_json(&bytes, "x"), Event::from_message_pack(&bytes, "x"));
        }

        #[test]
        fn fuzz_any_value_is_the_same_in_both_forms_and_can_be_read_again(value in fuzz::json()) {
            let packed = rmp_serde::to_vec_named(&value).unwrap();
            let text = value.to_string();
            match (Event::from_json(text.as_bytes(), "x"), Event::from_message_pack(&packed, "x")) {
                (Ok(json), Ok(packed)) => {
                    prop_assert_eq!(&json.kind, &packed.kind);
                    prop_assert_eq!(Event::from_json(&json.json, "y").unwrap(), json);
                }
                (json, packed) => prop_assert_eq!(json.is_err(), packed.is_err(), "{}", text),
            }
        }
    }
}

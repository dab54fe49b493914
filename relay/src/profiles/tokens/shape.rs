//! Events of conversations as sockets see them (conflict X-15).

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::bus::Message;
use crate::profiles::resume::Resumable;
use crate::transport::ws;

/// The field that says what an event is.
pub(super) const KIND: &str = "event";

/// As they are: a chunk has its text in `content`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainEvent;

impl ws::Shape for PlainEvent {
    const NAME: &'static str = "tokens/ws";

    fn render(message: &Message) -> Bytes {
        message.payload.clone()
    }
}

impl Resumable for PlainEvent {
    const RESUMABLE: &'static str = "tokens/ws/resume";
    const KIND: &'static str = KIND;
}

/// A chunk has its text in `chunk`, too, for clients of the upstream server (`TOKENS_COMPAT`).
#[derive(Clone, Copy, Debug)]
pub(super) struct CompatEvent;

impl ws::Shape for CompatEvent {
    const NAME: &'static str = "tokens/ws/compat";

    fn render(message: &Message) -> Bytes {
        let object = serde_json::from_slice::<Map<String, Value>>(&message.payload).ok();
        match object {
            Some(mut event) if message.kind == "chunk" => {
                let content = event.get("content").cloned().unwrap_or_default();
                event.entry("chunk").or_insert(content);
                Value::Object(event).to_string().into()
            }
            _ => message.payload.clone(),
        }
    }
}

impl Resumable for CompatEvent {
    const RESUMABLE: &'static str = "tokens/ws/compat/resume";
    const KIND: &'static str = KIND;
}

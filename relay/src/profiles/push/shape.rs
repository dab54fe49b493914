//! Messages as clients of this profile see them.

use bytes::Bytes;
use serde::Deserialize;

use crate::bus::Message;
use crate::profiles::resume::Resumable;
use crate::transport::{sse, ws};

/// On the WebSocket: the bare object (conflict X-15).
#[derive(Clone, Copy, Debug)]
pub(super) struct Bare;

impl ws::Shape for Bare {
    const NAME: &'static str = "push/ws";

    fn render(message: &Message) -> Bytes {
        message.payload.clone()
    }
}

impl Resumable for Bare {
    const RESUMABLE: &'static str = "push/ws/resume";
}

/// On the stream of answers: the client's frame, up to the final one (requirement 000-06).
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer;

/// What matters of an answer.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    is_final: bool,
}

impl sse::Shape for Answer {
    const NAME: &'static str = "push/answer";
    const CHUNKED_NAME: &'static str = "push/answer/chunked";

    fn render(message: &Message) -> (String, bool) {
        let data = String::from_utf8_lossy(&message.payload);
        let event = sse::Event { id: Some(&message.id), data: Some(&data), ..sse::Event::default() };
        let last = serde_json::from_str::<Outline>(&data).is_ok_and(|outline| outline.is_final);
        (event.to_text(), last)
    }
}

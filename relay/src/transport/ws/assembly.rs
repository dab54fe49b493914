//! Messages from frames (RFC 6455 section 5.4).

use tungstenite::protocol::frame::coding::Data;

use super::Event;
use crate::hub::{CloseCode, Farewell};

/// A message of which not all frames are here.
#[derive(Debug)]
struct Begun {
    text: bool,
    data: Vec<u8>,
}

/// Puts messages together.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    begun: Option<Begun>,
}

impl Assembly {
    /// Bytes of the message so far.
    pub(super) fn len(&self) -> usize {
        self.begun.as_ref().map_or(0, |begun| begun.data.len())
    }

    /// Takes the next data frame; answers with a message if that was its last one.
    ///
    /// # Errors
    /// The farewell for frames out of order, and for text that is not UTF-8.
    pub(super) fn add(&mut self, kind: Data, last: bool, data: Vec<u8>) -> Result<Option<Event>, Farewell> {
        let begun = match (kind, self.begun.take()) {
            (Data::Continue, Some(mut begun)) => {
                begun.data.extend_from_slice(&data);
                begun
            }
            (Data::Text, None) => Begun { text: true, data },
            (Data::Binary, None) => Begun { text: false, data },
            _ => return Err(Farewell::new(CloseCode::Protocol, "Frames out of order")),
        };
        if last {
            return finish(begun).map(Some);
        }
        self.begun = Some(begun);
        Ok(None)
    }
}

fn finish(message: Begun) -> Result<Event, Farewell> {
    if !message.text {
        return Ok(Event::Binary(message.data.into()));
    }
    let text = String::from_utf8(message.data);
    text.map(Event::Text).map_err(|_| Farewell::new(CloseCode::InvalidData, "Text is not UTF-8"))
}

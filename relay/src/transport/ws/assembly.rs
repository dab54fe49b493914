//! Messages from frames (RFC 6455 section 5.4).
//!
//! Bytes are taken as they come, so that a message is held once, and text that cannot become UTF-8
//! any more ends the connection before the rest of it is sent (section 8.1).

use tungstenite::protocol::frame::coding::Data;

use super::Event;
use super::mask::Mask;
use crate::hub::{CloseCode, Farewell};

const OUT_OF_ORDER: Farewell = Farewell::new(CloseCode::Protocol, "Frames out of order");
const NO_TEXT: Farewell = Farewell::new(CloseCode::InvalidData, "Text is not UTF-8");

/// A message of which not all bytes are here.
#[derive(Debug)]
struct Begun {
    text: bool,
    data: Vec<u8>,
    /// Bytes at the front that are whole characters.
    sound: usize,
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

    /// Bytes that the message so far costs.
    pub(super) fn held(&self) -> usize {
        self.begun.as_ref().map_or(0, |begun| begun.data.capacity())
    }

    /// A data frame begins.
    ///
    /// # Errors
    /// The farewell for frames out of order.
    pub(super) fn begin(&mut self, kind: Data) -> Result<(), Farewell> {
        let text = match (kind, &self.begun) {
            (Data::Continue, Some(_)) => return Ok(()),
            (Data::Text, None) => true,
            (Data::Binary, None) => false,
            _ => return Err(OUT_OF_ORDER),
        };
        self.begun = Some(Begun { text, data: Vec::new(), sound: 0 });
        Ok(())
    }

    /// Bytes of the frame; `rest` more of it are to come.
    pub(super) fn push(&mut self, masked: &[u8], mask: &mut Mask, rest: usize) {
        let Some(Begun { data, .. }) = &mut self.begun else { return };
        let needed = data.len() + masked.len();
        if needed > data.capacity() {
            // Room comes with bytes, not with promises, and never for more than was promised.
            let room = needed.max(data.len() * 2).min(needed + rest);
            data.reserve_exact(room - data.len());
        }
        let from = data.len();
        data.extend_from_slice(masked);
        mask.apply(data.get_mut(from..).unwrap_or_default());
    }

    /// More bytes of the message are to come: is it sound so far?
    ///
    /// # Errors
    /// The farewell for text that no further byte can make UTF-8.
    pub(super) fn pause(&mut self) -> Result<(), Farewell> {
        let Some(begun) = self.begun.as_mut().filter(|begun| begun.text) else { return Ok(()) };
        match std::str::from_utf8(begun.data.get(begun.sound..).unwrap_or_default()) {
            Ok(_) => begun.sound = begun.data.len(),
            Err(error) if error.error_len().is_none() => begun.sound += error.valid_up_to(),
            Err(_) => return Err(NO_TEXT),
        }
        Ok(())
    }

    /// The message is complete.
    ///
    /// # Errors
    /// The farewell for text that is not UTF-8.
    pub(super) fn end(&mut self) -> Result<Event, Farewell> {
        let begun = self.begun.take().ok_or(OUT_OF_ORDER)?;
        if !begun.text {
            return Ok(Event::Binary(begun.data.into()));
        }
        String::from_utf8(begun.data).map(Event::Text).map_err(|_| NO_TEXT)
    }
}

//! Bytes of a client in, events out.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use super::assembly::Assembly;
use super::close::parse_close;
use super::encode::MAX_CONTROL;
use crate::hub::{CloseCode, Farewell};

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// A ping, to be answered with its payload.
    Ping(Bytes),
    /// The answer to a ping.
    Pong,
    /// The client's goodbye; nothing comes after it.
    Close(CloseCode),
    /// The client broke a rule and is to be told so; nothing comes after it.
    Violation(Farewell),
}

/// Takes the bytes of one connection.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The bytes of a frame that is not complete.
    partial: BytesMut,
    assembly: Assembly,
    over: bool,
}

/// A header that may be followed by its payload.
struct Head {
    header: FrameHeader,
    /// Bytes of the header.
    size: usize,
    /// Bytes of the payload.
    length: usize,
}

impl Decoder {
    /// Takes `bytes`, and adds what they complete to `events`. No message may exceed `limit`
    /// bytes: a longer one is refused by its header, before its bytes are kept.
    pub fn feed(&mut self, bytes: &[u8], limit: usize, events: &mut Vec<Event>) {
        if self.partial.is_empty() {
            let used = self.take_frames(bytes, limit, events);
            self.partial.extend_from_slice(bytes.get(used..).unwrap_or_default());
        } else {
            let mut all = std::mem::take(&mut self.partial);
            all.extend_from_slice(bytes);
            let used = self.take_frames(&all, limit, events);
            all.advance(used);
            if !all.is_empty() {
                self.partial = all;
            }
        }
    }

    /// Bytes of messages that are not complete.
    pub fn held(&self) -> usize {
        self.partial.len() + self.assembly.len()
    }

    /// Takes all complete frames, and tells how many bytes they were.
    fn take_frames(&mut self, bytes: &[u8], limit: usize, events: &mut Vec<Event>) -> usize {
        let mut used = 0;
        while !self.over {
            let rest = bytes.get(used..).unwrap_or_default();
            match self.take_frame(rest, limit, events) {
                Ok(0) => return used,
                Ok(count) => used += count,
                Err(farewell) => {
                    events.push(Event::Violation(farewell));
                    self.over = true;
                }
            }
        }
        bytes.len()
    }

    /// Takes one frame, and tells how many bytes it was; 0 if it is not complete.
    fn take_frame(&mut self, bytes: &[u8], limit: usize, events: &mut Vec<Event>) -> Result<usize, Farewell> {
        let Some(head) = parse_head(bytes, limit.saturating_sub(self.assembly.len()))? else {
            return Ok(0);
        };
        let Some(masked) = bytes.get(head.size..head.size + head.length) else {
            return Ok(0);
        };
        let payload = unmask(masked, head.header.mask.unwrap_or_default());
        match head.header.opcode {
            OpCode::Data(kind) => events.extend(self.assembly.add(kind, head.header.is_final, payload)?),
            OpCode::Control(Control::Ping) => events.push(Event::Ping(payload.into())),
            OpCode::Control(Control::Pong) => events.push(Event::Pong),
            OpCode::Control(_) => {
                events.push(Event::Close(parse_close(&payload)?));
                self.over = true;
            }
        }
        Ok(head.size + head.length)
    }
}

/// Reads a header and checks all that it tells; `None` if it is not complete.
fn parse_head(bytes: &[u8], room: usize) -> Result<Option<Head>, Farewell> {
    let protocol = |reason| Farewell::new(CloseCode::Protocol, reason);
    let mut cursor = Cursor::new(bytes);
    let parsed = FrameHeader::parse(&mut cursor).map_err(|_| protocol("Unknown opcode"))?;
    let Some((header, length)) = parsed else {
        return Ok(None);
    };
    let size = cursor.position() as usize;
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(protocol("Reserved bits are set"));
    }
    if header.mask.is_none() {
        return Err(protocol("Frame without a mask"));
    }
    if size != header.len(length) {
        return Err(protocol("Length is not written in the shortest way"));
    }
    if matches!(header.opcode, OpCode::Control(_)) {
        if length > MAX_CONTROL as u64 || !header.is_final {
            return Err(protocol("Control frame is long or in parts"));
        }
    } else if length > room as u64 {
        return Err(Farewell::new(CloseCode::TooBig, "Message too large"));
    }
    Ok(Some(Head { header, size, length: length as usize }))
}

fn unmask(masked: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut payload = masked.to_vec();
    for chunk in payload.chunks_mut(mask.len()) {
        chunk.iter_mut().zip(mask).for_each(|(byte, key)| *byte ^= key);
    }
    payload
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;

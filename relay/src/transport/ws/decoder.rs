//! Bytes of a client in, events out.

use std::io::Cursor;

use bytes::Bytes;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use super::assembly::Assembly;
use super::close::parse_close;
use super::encode::MAX_CONTROL;
use super::mask::Mask;
use crate::hub::{CloseCode, Farewell};

/// Bytes of a frame's header at most (RFC 6455 section 5.2).
const MAX_HEAD: usize = 14;

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
    /// The bytes of a header that is not complete.
    head: Vec<u8>,
    frame: Option<Frame>,
    /// The payload of a control frame that is not complete.
    control: Vec<u8>,
    assembly: Assembly,
    over: bool,
}

/// A frame whose header was read.
#[derive(Debug)]
struct Frame {
    opcode: OpCode,
    is_final: bool,
    mask: Mask,
    /// Bytes of the payload that are to come.
    rest: usize,
}

impl Decoder {
    /// Takes `bytes`, and adds what they complete to `events`. No message may exceed `limit`
    /// bytes: a longer one is refused by its header, before its bytes are kept.
    pub fn feed(&mut self, mut bytes: &[u8], limit: usize, events: &mut Vec<Event>) {
        while !self.over {
            match self.step(&mut bytes, limit, events) {
                Ok(Step::Next) => {}
                Ok(Step::Hungry) => return,
                Err(farewell) => {
                    events.push(Event::Violation(farewell));
                    self.end();
                }
            }
        }
    }

    /// Bytes that messages and frames cost that are not complete.
    pub fn held(&self) -> usize {
        self.head.len() + self.control.len() + self.assembly.held()
    }

    /// Takes a header, or bytes of a payload.
    fn step(&mut self, bytes: &mut &[u8], limit: usize, events: &mut Vec<Event>) -> Result<Step, Farewell> {
        let Some(mut frame) = self.frame.take() else {
            return self.take_head(bytes, limit);
        };
        let (payload, rest) = bytes.split_at(frame.rest.min(bytes.len()));
        *bytes = rest;
        frame.rest -= payload.len();
        match frame.opcode {
            OpCode::Data(_) => self.assembly.push(payload, &mut frame.mask, frame.rest),
            OpCode::Control(_) => {
                let from = self.control.len();
                self.control.extend_from_slice(payload);
                frame.mask.apply(self.control.get_mut(from..).unwrap_or_default());
            }
        }
        if frame.rest > 0 {
            self.frame = Some(frame);
            return self.assembly.pause().map(|()| Step::Hungry);
        }
        self.finish(&frame, events)?;
        Ok(Step::Next)
    }

    fn take_head(&mut self, bytes: &mut &[u8], limit: usize) -> Result<Step, Farewell> {
        let room = limit.saturating_sub(self.assembly.len());
        if self.head.is_empty() {
            let Some((frame, size)) = parse_head(bytes, room)? else {
                self.head = bytes.to_vec();
                return Ok(Step::Hungry);
            };
            *bytes = bytes.get(size..).unwrap_or_default();
            return self.begin(frame);
        }
        let before = self.head.len();
        self.head.extend(bytes.iter().take(MAX_HEAD - before));
        let Some((frame, size)) = parse_head(&self.head, room)? else {
            return Ok(Step::Hungry);
        };
        *bytes = bytes.get(size - before..).unwrap_or_default();
        self.head = Vec::new();
        self.begin(frame)
    }

    fn begin(&mut self, frame: Frame) -> Result<Step, Farewell> {
        if let OpCode::Data(kind) = frame.opcode {
            self.assembly.begin(kind)?;
        }
        self.frame = Some(frame);
        Ok(Step::Next)
    }

    /// A frame is complete.
    fn finish(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), Farewell> {
        match frame.opcode {
            OpCode::Data(_) if frame.is_final => events.push(self.assembly.end()?),
            OpCode::Data(_) => self.assembly.pause()?,
            OpCode::Control(Control::Ping) => events.push(Event::Ping(self.take_control().into())),
            OpCode::Control(Control::Pong) => {
                self.take_control();
                events.push(Event::Pong);
            }
            OpCode::Control(_) => {
                events.push(Event::Close(parse_close(&self.take_control())?));
                self.end();
            }
        }
        Ok(())
    }

    fn take_control(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.control)
    }

    /// Nothing that comes matters any more, nor what came.
    fn end(&mut self) {
        *self = Self { over: true, ..Self::default() };
    }
}

/// Outcome of a step.
enum Step {
    /// There may be more to take.
    Next,
    /// All bytes are taken.
    Hungry,
}

/// Reads a header and checks all that it tells; answers with its size, too. `None` if it is not
/// complete. `room` is what a message may still have.
fn parse_head(bytes: &[u8], room: usize) -> Result<Option<(Frame, usize)>, Farewell> {
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
    let Some(mask) = header.mask else {
        return Err(protocol("Frame without a mask"));
    };
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
    let (opcode, is_final) = (header.opcode, header.is_final);
    Ok(Some((Frame { opcode, is_final, mask: Mask::new(mask), rest: length as usize }, size)))
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;

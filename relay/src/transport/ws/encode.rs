//! Frames of the server: final and without a mask (RFC 6455 section 5.1).

use bytes::Bytes;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::hub::Farewell;

/// Bytes of a control frame's payload at most (RFC 6455 section 5.5).
pub(super) const MAX_CONTROL: usize = 125;

/// A frame with `payload`.
pub fn frame(opcode: OpCode, payload: &[u8]) -> Bytes {
    let header = FrameHeader { is_final: true, opcode, mask: None, ..FrameHeader::default() };
    let length = payload.len() as u64;
    let mut bytes = Vec::with_capacity(header.len(length) + payload.len());
    // Writing to a vector cannot fail.
    let _ = header.format(length, &mut bytes);
    bytes.extend_from_slice(payload);
    bytes.into()
}

/// A text message in one frame.
pub fn text_frame(payload: &[u8]) -> Bytes {
    frame(OpCode::Data(Data::Text), payload)
}

/// A close frame with the code and the reason, cut at a character to fit.
pub fn close_frame(farewell: &Farewell) -> Bytes {
    let mut payload = farewell.code.number().to_be_bytes().to_vec();
    let room = MAX_CONTROL - payload.len();
    let end = (0..=room.min(farewell.reason.len())).rev().find(|at| farewell.reason.is_char_boundary(*at));
    payload.extend_from_slice(farewell.reason.get(..end.unwrap_or(0)).unwrap_or_default().as_bytes());
    frame(OpCode::Control(Control::Close), &payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::CloseCode;

    #[test]
    fn a_text_frame_is_final_and_unmasked() {
        assert_eq!(text_frame(b"hi"), b"\x81\x02hi"[..]);
    }

    #[test]
    fn a_close_frame_has_the_code_first() {
        let farewell = Farewell::new(CloseCode::Restart, "bye");
        assert_eq!(close_frame(&farewell), b"\x88\x05\x03\xf4bye"[..]);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let farewell = Farewell { code: CloseCode::Policy, reason: "é".repeat(100).into() };
        assert_eq!(close_frame(&farewell).len(), 2 + 2 + 122);
    }
}

//! Takes frames of our own apart again, for a session that polls.

use std::io::Cursor;

use bytes::Bytes;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data as Kind, OpCode};

use super::Version;
use super::payload::Builder;

/// Adds what `frames` hold to `body`: messages as packets, the goodbye as a close packet.
pub(super) fn append(body: &mut Builder, version: Version, frames: &[Bytes]) {
    for frame in frames {
        let mut rest = frame.as_ref();
        while let Some((opcode, payload, after)) = split(rest) {
            add(body, version, opcode, payload);
            rest = after;
        }
    }
}

fn split(bytes: &[u8]) -> Option<(OpCode, &[u8], &[u8])> {
    let mut cursor = Cursor::new(bytes);
    let (header, length) = FrameHeader::parse(&mut cursor).ok()??;
    let rest = bytes.get(cursor.position() as usize..)?;
    let (payload, after) = rest.split_at_checked(length as usize)?;
    Some((header.opcode, payload, after))
}

fn add(body: &mut Builder, version: Version, opcode: OpCode, payload: &[u8]) {
    match opcode {
        OpCode::Data(Kind::Binary) => {
            let type_byte = usize::from(version == Version::V3);
            body.binary(payload.get(type_byte..).unwrap_or_default());
        }
        OpCode::Data(_) => body.text(&String::from_utf8_lossy(payload)),
        OpCode::Control(Control::Close) => body.text("1"),
        OpCode::Control(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Data, message_frame};
    use super::*;
    use crate::hub::{CloseCode, Farewell};
    use crate::transport::ws;

    fn polled(version: Version, frames: &[Bytes]) -> Data {
        let mut body = Builder::new(version, false);
        append(&mut body, version, frames);
        body.finish()
    }

    #[test]
    fn text_bytes_and_goodbye_become_packets() {
        for (version, expected) in [(Version::V4, "4hi\u{1e}bAQI=\u{1e}1"), (Version::V3, "3:4hi6:b4AQI=1:1")]
        {
            let text = message_frame(version, &Data::Text("hi".to_owned()));
            let binary = message_frame(version, &Data::Binary(Bytes::from_static(&[1, 2])));
            let both = Bytes::from([text, binary].concat());
            let bye = ws::close_frame(&Farewell::new(CloseCode::Restart, "x"));
            assert_eq!(polled(version, &[both, bye]), Data::Text(expected.to_owned()));
        }
    }
}

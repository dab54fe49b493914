//! Sections 9 and 10: large messages, small fragments and small pieces; and 12 and 13, compression,
//! which is declined.

use super::{BINARY, CONTINUATION, Case, FIN, TEXT, run, server, text};
use crate::support::{Got, Raw, frame};

const KB: usize = 1024;
const MB: usize = 1024 * KB;

/// A text in fragments of `size` bytes.
fn in_fragments(id: String, opcode: u8, length: usize, size: usize) -> Case {
    let payload = vec![b'*'; length];
    let last = length.div_ceil(size) - 1;
    let frames = payload.chunks(size).enumerate().flat_map(|(at, part)| {
        let first = if at == 0 { opcode & !FIN } else { CONTINUATION };
        frame(if at == last { first | FIN } else { first }, part)
    });
    let send = frames.collect();
    Case { id, send: vec![send], expected: vec![echo(opcode, payload)] }
}

fn echo(opcode: u8, payload: Vec<u8>) -> Got {
    if opcode == TEXT { Got::Text(String::from_utf8(payload).unwrap()) } else { Got::Binary(payload) }
}

#[tokio::test]
async fn autobahn_9_1_and_9_2_messages_of_up_to_16_mb_come_back() {
    for opcode in [TEXT, BINARY] {
        let lengths = [64 * KB, 256 * KB, MB, 4 * MB, 16 * MB];
        run(lengths.map(|length| in_fragments(format!("9.1, {length}"), opcode, length, length))).await;
    }
}

#[tokio::test]
async fn autobahn_9_3_and_9_4_four_mb_in_fragments_come_back() {
    for opcode in [TEXT, BINARY] {
        let sizes = [64, KB, 16 * KB, 256 * KB, 4 * MB];
        run(sizes.map(|size| in_fragments(format!("9.3, {size}"), opcode, 4 * MB, size))).await;
    }
}

#[tokio::test]
async fn autobahn_9_5_and_9_6_a_mb_in_small_pieces_comes_back() {
    for opcode in [TEXT, BINARY] {
        let whole = |size| in_fragments(String::new(), opcode, MB, MB).chopped(&format!("9.5, {size}"), size);
        run([64, 512, 2 * KB].map(whole)).await;
    }
}

#[tokio::test]
async fn autobahn_9_7_and_9_8_a_thousand_messages_come_back_in_turn() {
    let server = server().await;
    for (opcode, size) in [(TEXT, 0), (TEXT, 64), (BINARY, 4 * KB)] {
        let payload = vec![b'*'; size];
        let (message, echo) = (frame(opcode, &payload), echo(opcode, payload));
        let mut client = Raw::connect(&server.address, "/").await;
        for _ in 0..1000 {
            client.send(&message).await;
            assert_eq!(client.next().await, echo);
        }
    }
}

#[tokio::test]
async fn autobahn_10_1_1_64_kb_in_frames_of_1300_come_back() {
    run([in_fragments("10.1.1".to_owned(), TEXT, 65536, 1300)]).await;
}

#[tokio::test]
async fn autobahn_12_and_13_compression_is_offered_and_declined() {
    let server = server().await;
    let offers = [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_max_window_bits=9",
    ];
    for offer in offers {
        let line = format!("Sec-WebSocket-Extensions: {offer}\r\n");
        let mut client = Raw::offering(&server.address, "/", &line).await;
        assert!(!client.head.to_ascii_lowercase().contains("sec-websocket-extensions"), "{}", client.head);
        client.send(&frame(TEXT, b"plain")).await;
        assert_eq!(client.next().await, text("plain"));
    }
}

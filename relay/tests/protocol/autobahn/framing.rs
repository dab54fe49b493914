//! Sections 1 to 3: framing, pings and pongs, reserved bits.

use super::{BINARY, CLOSE, Case, FAILED, PING, PONG, TEXT, case, run, text};
use crate::support::{Got, frame};

/// Lengths at which the form of a header changes.
const LENGTHS: [usize; 7] = [0, 125, 126, 127, 128, 65535, 65536];

#[tokio::test]
async fn autobahn_1_1_text_of_all_forms_of_length_comes_back() {
    let texts = LENGTHS.map(|length| "*".repeat(length));
    let cases = texts.iter().enumerate().map(|(at, payload)| {
        case(format!("1.1.{}", at + 1), &[frame(TEXT, payload.as_bytes())], &[text(payload)])
    });
    let long = "*".repeat(65536);
    let chopped = case("", &[frame(TEXT, long.as_bytes())], &[text(&long)]).chopped("1.1.8", 997);
    run(cases.chain([chopped])).await;
}

#[tokio::test]
async fn autobahn_1_2_bytes_of_all_forms_of_length_come_back() {
    let echo = |id: String, length| {
        let payload = vec![0xfe; length];
        case(id, &[frame(BINARY, &payload)], &[Got::Binary(payload)])
    };
    let cases = LENGTHS.into_iter().enumerate().map(|(at, length)| echo(format!("1.2.{}", at + 1), length));
    run(cases.chain([echo(String::new(), 65536).chopped("1.2.8", 997)])).await;
}

fn ping(id: &str, payload: &[u8]) -> Case {
    case(id, &[frame(PING, payload)], &[Got::Pong(payload.to_vec())])
}

#[tokio::test]
async fn autobahn_2_pings_are_answered_and_pongs_are_not() {
    let bytes = [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff];
    let ten: Vec<Vec<u8>> = (0..10).map(|n| frame(PING, format!("payload-{n}").as_bytes())).collect();
    let answers: Vec<Got> = (0..10).map(|n| Got::Pong(format!("payload-{n}").into_bytes())).collect();
    run([
        ping("2.1", b""),
        ping("2.2", b"Hello, world!"),
        ping("2.3", &bytes),
        ping("2.4", &[0xfe; 125]),
        case("2.5", &[frame(PING, &[0xfe; 126])], &[FAILED]),
        ping("2.6", &[0xfe; 125]).chopped("2.6", 1),
        case("2.7", &[frame(PONG, b"")], &[]),
        case("2.8", &[frame(PONG, b"unsolicited pong payload")], &[]),
        case("2.9", &[frame(PONG, b"unsolicited"), frame(PING, b"ping")], &[Got::Pong(b"ping".to_vec())]),
        case("2.10", &ten, &answers),
        case("2.11", &ten, &answers).chopped("2.11", 1),
    ])
    .await;
}

#[tokio::test]
async fn autobahn_3_reserved_bits_break_the_connection() {
    let hello = frame(TEXT, b"Hello, world!");
    let after_text = |bits: u8| {
        let send = [hello.clone(), frame(TEXT | bits, b"Hello, world!"), frame(PING, b"")];
        case("", &send, &[text("Hello, world!"), FAILED])
    };
    let [whole, frames, _] = after_text(0x20).thrice(["3.2", "3.3", ""]);
    run([
        case("3.1", &[frame(TEXT | 0x10, b"Hello, world!")], &[FAILED]),
        whole,
        frames,
        after_text(0x40).chopped("3.4", 1),
        case("3.5", &[frame(BINARY | 0x50, &[0, 0xff])], &[FAILED]),
        case("3.6", &[frame(PING | 0x60, b"Hello, world!")], &[FAILED]),
        case("3.7", &[frame(CLOSE | 0x70, &[3, 232])], &[FAILED]),
    ])
    .await;
}

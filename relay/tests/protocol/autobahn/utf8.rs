//! Section 6: UTF-8.

use super::{CONTINUATION, Case, FIN, TEXT, case, run, server, text};
use crate::support::{Got, Raw, frame};

const INVALID: Got = Got::Close(1007);

/// A text in fragments.
fn fragments(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let last = parts.len() - 1;
    let first = |at: usize| {
        let opcode = if at == 0 { TEXT & !FIN } else { CONTINUATION };
        if at == last { opcode | FIN } else { opcode }
    };
    parts.iter().enumerate().map(|(at, part)| frame(first(at), part)).collect()
}

fn octets(payload: &[u8]) -> Vec<Vec<u8>> {
    fragments(&payload.chunks(1).collect::<Vec<_>>())
}

#[tokio::test]
async fn autobahn_6_1_empty_texts_come_back() {
    run([
        case("6.1.1", &[frame(TEXT, b"")], &[text("")]),
        case("6.1.2", &fragments(&[b"", b"", b""]), &[text("")]),
        case("6.1.3", &fragments(&[b"", b"middle frame payload", b""]), &[text("middle frame payload")]),
    ])
    .await;
}

#[tokio::test]
async fn autobahn_6_2_text_may_be_cut_anywhere() {
    let long = "Hello-µ@ßöäüàá-UTF-8!!";
    let greek = "κόσμε";
    let (front, back) = long.split_at(long.find('ö').unwrap());
    run([
        case("6.2.1", &[frame(TEXT, long.as_bytes())], &[text(long)]),
        case("6.2.2", &fragments(&[front.as_bytes(), back.as_bytes()]), &[text(long)]),
        case("6.2.3", &octets(long.as_bytes()), &[text(long)]),
        case("6.2.4", &octets(greek.as_bytes()), &[text(greek)]),
    ])
    .await;
}

#[tokio::test]
async fn autobahn_6_3_text_that_is_not_utf8_breaks_the_connection() {
    let bad = ["κόσμε".as_bytes(), b"\xed\xa0\x80edited".as_slice()].concat();
    run([case("6.3.1", &[frame(TEXT, &bad)], &[INVALID]), case("6.3.2", &octets(&bad), &[INVALID])]).await;
}

/// The end comes before the rest of the message is sent, which never is.
async fn fails_before_the_end(id: &str, pieces: &[Vec<u8>]) {
    let server = server().await;
    let mut client = Raw::connect(&server.address, "/").await;
    for piece in pieces {
        client.send(piece).await;
    }
    assert_eq!(client.next().await, INVALID, "case {id}");
}

#[tokio::test]
async fn autobahn_6_4_bad_text_is_refused_before_its_message_ends() {
    let (good, edited) = ("κόσμε".as_bytes(), b"edited".as_slice());
    let beyond = [b"\xf4\x90\x80\x80".as_slice(), good].concat();
    let in_frames = |parts: &[&[u8]]| fragments(&[parts, &[edited]].concat())[..parts.len()].to_vec();
    fails_before_the_end("6.4.1", &in_frames(&[good, &beyond])).await;
    fails_before_the_end("6.4.2", &in_frames(&[good, b"\xf4", b"\x90"])).await;
    for (id, bad) in [("6.4.3", b"\xf4\x90\x80\x80".as_slice()), ("6.4.4", b"\xf4\x90")] {
        let whole = frame(TEXT, &[good, bad, edited].concat());
        let sent = whole.len() - edited.len();
        fails_before_the_end(id, &[whole[..sent].to_vec()]).await;
    }
}

/// Each of these is UTF-8 (cases 6.5 to 6.11, 6.22 and 6.23).
const VALID: [(&str, &[u8]); 21] = [
    ("6.5.1", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"),
    ("6.6.2", b"\xce\xba"),
    ("6.6.5", b"\xce\xba\xe1\xbd\xb9"),
    ("6.6.7", b"\xce\xba\xe1\xbd\xb9\xcf\x83"),
    ("6.6.9", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc"),
    ("6.6.11", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"),
    ("6.7.1", b"\x00"),
    ("6.7.2", b"\xc2\x80"),
    ("6.7.3", b"\xe0\xa0\x80"),
    ("6.7.4", b"\xf0\x90\x80\x80"),
    ("6.9.1", b"\x7f"),
    ("6.9.2", b"\xdf\xbf"),
    ("6.9.3", b"\xef\xbf\xbf"),
    ("6.9.4", b"\xf4\x8f\xbf\xbf"),
    ("6.11.1", b"\xed\x9f\xbf"),
    ("6.11.2", b"\xee\x80\x80"),
    ("6.11.3", b"\xef\xbf\xbd"),
    ("6.22.1", b"\xef\xbf\xbe"),
    ("6.22.3", b"\xf0\x9f\xbf\xbe"),
    ("6.22.34", b"\xf4\x8f\xbf\xbf"),
    ("6.23.1", b"\xef\xbf\xbd"),
];

/// None of these is (cases 6.6, 6.8 and 6.10 to 6.21).
const BROKEN: [(&str, &[u8]); 44] = [
    ("6.6.1", b"\xce"),
    ("6.6.3", b"\xce\xba\xe1"),
    ("6.6.4", b"\xce\xba\xe1\xbd"),
    ("6.6.6", b"\xce\xba\xe1\xbd\xb9\xcf"),
    ("6.6.8", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce"),
    ("6.6.10", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce"),
    ("6.8.1", b"\xf8\x88\x80\x80\x80"),
    ("6.8.2", b"\xfc\x84\x80\x80\x80\x80"),
    ("6.10.1", b"\xf7\xbf\xbf\xbf"),
    ("6.10.2", b"\xfb\xbf\xbf\xbf\xbf"),
    ("6.10.3", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
    ("6.11.5", b"\xf4\x90\x80\x80"),
    ("6.12.1", b"\x80"),
    ("6.12.2", b"\xbf"),
    ("6.12.3", b"\x80\xbf"),
    ("6.12.6", b"\x80\xbf\x80\xbf\x80"),
    ("6.13.1", b"\xc0 \xc1 \xc2 \xc3 "),
    ("6.13.2", b"\xe0 \xe1 \xe2 "),
    ("6.13.3", b"\xf0 \xf1 "),
    ("6.13.4", b"\xf8 \xf9 "),
    ("6.13.5", b"\xfc \xfd "),
    ("6.14.1", b"\xc0"),
    ("6.14.2", b"\xe0\x80"),
    ("6.14.3", b"\xf0\x80\x80"),
    ("6.14.6", b"\xdf"),
    ("6.14.7", b"\xef\xbf"),
    ("6.15.1", b"\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80"),
    ("6.16.1", b"\xfe"),
    ("6.16.2", b"\xff"),
    ("6.16.3", b"\xfe\xfe\xff\xff"),
    ("6.17.1", b"\xc0\xaf"),
    ("6.17.2", b"\xe0\x80\xaf"),
    ("6.17.3", b"\xf0\x80\x80\xaf"),
    ("6.18.1", b"\xc1\xbf"),
    ("6.18.2", b"\xe0\x9f\xbf"),
    ("6.18.3", b"\xf0\x8f\xbf\xbf"),
    ("6.19.1", b"\xc0\x80"),
    ("6.19.2", b"\xe0\x80\x80"),
    ("6.20.1", b"\xed\xa0\x80"),
    ("6.20.4", b"\xed\xaf\xbf"),
    ("6.20.7", b"\xed\xbf\xbf"),
    ("6.21.1", b"\xed\xa0\x80\xed\xb0\x80"),
    ("6.21.4", b"\xed\xad\xbf\xed\xbf\xbf"),
    ("6.21.8", b"\xed\xaf\xbf\xed\xbf\xbf"),
];

#[tokio::test]
async fn autobahn_6_5_to_6_23_what_is_utf8_comes_back() {
    let echo = |(id, bytes): (&str, &[u8])| -> Case {
        case(id, &[frame(TEXT, bytes)], &[text(std::str::from_utf8(bytes).unwrap())])
    };
    run(VALID.map(echo)).await;
}

#[tokio::test]
async fn autobahn_6_6_to_6_21_what_is_not_utf8_breaks_the_connection() {
    run(BROKEN.map(|(id, bytes)| case(id, &[frame(TEXT, bytes)], &[INVALID]))).await;
}

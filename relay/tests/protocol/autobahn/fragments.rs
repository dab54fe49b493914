//! Section 5: messages in fragments.

use super::{CONTINUATION, Case, FAILED, FIN, PING, PONG, TEXT, case, run, text};
use crate::support::{Got, frame};

/// The first fragment of a text.
fn begin(payload: &[u8]) -> Vec<u8> {
    frame(TEXT & !FIN, payload)
}

fn middle(payload: &[u8]) -> Vec<u8> {
    frame(CONTINUATION, payload)
}

fn last(payload: &[u8]) -> Vec<u8> {
    frame(FIN | CONTINUATION, payload)
}

fn ping() -> Vec<u8> {
    frame(PING, b"ping payload")
}

fn pong() -> Got {
    Got::Pong(b"ping payload".to_vec())
}

fn sound() -> Vec<Case> {
    let two = case("", &[begin(b"fragment1"), last(b"fragment2")], &[text("fragment1fragment2")]);
    let around_ping = [begin(b"fragment1"), ping(), last(b"fragment2")];
    let around_ping = case("", &around_ping, &[pong(), text("fragment1fragment2")]);
    let five = [
        begin(b"fragment1"),
        middle(b"fragment2"),
        ping(),
        middle(b"fragment3"),
        middle(b"fragment4"),
        ping(),
        last(b"fragment5"),
    ];
    let whole = "fragment1fragment2fragment3fragment4fragment5";
    let five = case("", &five, &[pong(), pong(), text(whole)]);
    let [at_once, apart, _] = five.thrice(["5.20", "5.19", ""]);
    let sound = [two.thrice(["5.3", "5.4", "5.5"]), around_ping.thrice(["5.6", "5.7", "5.8"])];
    sound.into_iter().flatten().chain([at_once, apart]).collect()
}

#[tokio::test]
async fn autobahn_5_messages_in_fragments_come_back_whole() {
    run(sound()).await;
}

#[tokio::test]
async fn autobahn_5_control_frames_in_fragments_break_the_connection() {
    run([
        case("5.1", &[frame(PING & !FIN, b"fragment1"), last(b"fragment2")], &[FAILED]),
        case("5.2", &[frame(PONG & !FIN, b"fragment1"), last(b"fragment2")], &[FAILED]),
    ])
    .await;
}

#[tokio::test]
async fn autobahn_5_fragments_of_nothing_break_the_connection() {
    let hello = frame(TEXT, b"Hello, world!");
    let of_last = case("", &[last(b"nothing"), hello.clone()], &[FAILED]);
    let of_middle = case("", &[middle(b"nothing"), hello.clone()], &[FAILED]);
    let after_text =
        [begin(b"fragment1"), last(b"fragment2"), middle(b"fragment3"), frame(TEXT, b"fragment4")];
    let twice = |first: fn(&[u8]) -> Vec<u8>| {
        let once = [first(b"fragment1"), begin(b"fragment2"), last(b"fragment3")];
        [once.clone(), once].concat()
    };
    let cases = [
        case("5.15", &after_text, &[text("fragment1fragment2"), FAILED]),
        case("5.16", &twice(middle), &[FAILED]),
        case("5.17", &twice(last), &[FAILED]),
    ];
    let chopped = [of_last.thrice(["5.9", "5.10", "5.11"]), of_middle.thrice(["5.12", "5.13", "5.14"])];
    run(chopped.into_iter().flatten().chain(cases)).await;
}

#[tokio::test]
async fn autobahn_5_18_a_message_amid_another_breaks_the_connection() {
    run([case("5.18", &[begin(b"fragment1"), frame(TEXT, b"fragment2")], &[FAILED])]).await;
}

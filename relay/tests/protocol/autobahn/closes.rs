//! Section 7: the closing handshake.

use super::{CLOSE, CONTINUATION, Case, FAILED, FIN, PING, TEXT, case, run, text};
use crate::support::{Got, close, frame};

const NORMAL: Got = Got::Close(1000);

fn goodbye() -> Vec<u8> {
    close(1000, b"")
}

#[tokio::test]
async fn autobahn_7_1_nothing_counts_after_a_goodbye() {
    run([
        case("7.1.1", &[frame(TEXT, b"Hello World!"), goodbye()], &[text("Hello World!"), NORMAL]),
        case("7.1.2", &[[goodbye(), goodbye()].concat()], &[NORMAL]),
        case("7.1.3", &[[goodbye(), frame(PING, b"")].concat()], &[NORMAL]),
        case("7.1.4", &[[goodbye(), frame(TEXT, b"Hello World!")].concat()], &[NORMAL]),
        case(
            "7.1.5",
            &[frame(TEXT & !FIN, b"one"), [goodbye(), frame(FIN | CONTINUATION, b"two")].concat()],
            &[NORMAL],
        ),
    ])
    .await;
}

#[tokio::test]
async fn autobahn_7_1_6_a_message_before_a_goodbye_comes_back_whole() {
    let long = "BAsd7&jh23".repeat(26 * 1024);
    let send = [[frame(TEXT, long.as_bytes()), goodbye(), frame(PING, b"")].concat()];
    run([case("7.1.6", &send, &[text(&long), NORMAL])]).await;
}

#[tokio::test]
async fn autobahn_7_3_a_goodbye_may_have_a_code_and_a_reason_that_fits() {
    run([
        case("7.3.1", &[frame(CLOSE, b"")], &[NORMAL]),
        case("7.3.2", &[frame(CLOSE, b"a")], &[FAILED]),
        case("7.3.3", &[goodbye()], &[NORMAL]),
        case("7.3.4", &[close(1000, b"Hello World!")], &[NORMAL]),
        case("7.3.5", &[close(1000, &[b'*'; 123])], &[NORMAL]),
        case("7.3.6", &[close(1000, &[b'*'; 124])], &[FAILED]),
    ])
    .await;
}

#[tokio::test]
async fn autobahn_7_5_1_a_reason_that_is_not_utf8_breaks_the_connection() {
    run([case("7.5.1", &[close(1000, b"\xce\xba\xed\xa0\x80edited")], &[Got::Close(1007)])]).await;
}

#[tokio::test]
async fn autobahn_7_7_codes_that_may_be_sent_are_echoed() {
    let codes =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
    let echoed = |code: u16| case(format!("7.7, {code}"), &[close(code, b"")], &[Got::Close(code)]);
    run(codes.map(echoed)).await;
}

#[tokio::test]
async fn autobahn_7_9_and_7_13_codes_that_may_not_be_sent_break_the_connection() {
    let codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];
    let refused = |code: u16| -> Case { case(format!("7.9, {code}"), &[close(code, b"")], &[FAILED]) };
    run(codes.map(refused)).await;
}

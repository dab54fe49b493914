//! Section 4: opcodes that mean nothing.

use super::{Case, FAILED, FIN, PING, TEXT, case, run, text};
use crate::support::frame;

/// The five cases of a section: alone, with a payload, and after a text in three ways.
fn section(number: &str, opcodes: [u8; 5]) -> Vec<Case> {
    let [empty, full, third, fourth, fifth] = opcodes.map(|opcode| FIN | opcode);
    let after = |unknown: Vec<u8>| {
        let send = [frame(TEXT, b"Hello, world!"), unknown, frame(PING, b"")];
        case("", &send, &[text("Hello, world!"), FAILED])
    };
    let id = |at| format!("{number}.{at}");
    vec![
        case(id(1), &[frame(empty, b"")], &[FAILED]),
        case(id(2), &[frame(full, b"reserved opcode payload")], &[FAILED]),
        Case { id: id(3), ..after(frame(third, b"")) },
        Case { id: id(4), ..after(frame(fourth, b"reserved opcode payload")) },
        after(frame(fifth, b"reserved opcode payload")).chopped(&id(5), 1),
    ]
}

#[tokio::test]
async fn autobahn_4_unknown_opcodes_break_the_connection() {
    run(section("4.1", [3, 4, 5, 6, 7]).into_iter().chain(section("4.2", [11, 12, 13, 14, 15]))).await;
}

use super::*;
use crate::bus::wire::{Frame, Origin};
use crate::bus::{Channel, Epoch, Message};

fn page(ids: &[&str]) -> Value {
    let message = Message::new(Channel::user("alice"), "message", "{}");
    let frame = Frame::encode(&Origin { node: "a".into(), incarnation: 1 }, &message).unwrap().stamp(1);
    let bulk = |bytes: &[u8]| Value::BulkString(bytes.to_vec());
    let entry = |id: &&str| {
        let fields = Value::Array(vec![bulk(b"m"), bulk(&frame)]);
        Value::Array(vec![bulk(id.as_bytes()), fields])
    };
    Value::Array(ids.iter().map(entry).collect())
}

fn reading(ids: &[&str], top: u64) -> Reading {
    let top_at = Position { epoch: Epoch::new(1), seq: top };
    Reading {
        meta: Meta { top: top_at, former: Vec::new(), age: Duration::ZERO },
        after: 0,
        top,
        entries: entries(page(ids)),
    }
}

#[test]
fn a_page_has_its_messages_by_number() {
    let numbers: Vec<u64> = entries(page(&["7-0", "8-0"])).iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, [7, 8]);
}

#[test]
fn what_is_no_message_is_left_out() {
    assert!(entries(page(&["x"])).is_empty() && entries(Value::Nil).is_empty());
}

#[test]
fn a_reading_is_whole_if_no_number_is_missing_up_to_the_top() {
    let whole = [reading(&["2-0", "3-0"], 3), reading(&["3-0"], 3), reading(&["2-0"], 3)];
    assert_eq!(whole.map(|reading| reading.is_whole_after(1)), [true, false, false]);
}

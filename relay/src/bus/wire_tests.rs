use proptest::prelude::*;

use super::*;

fn origin() -> Origin {
    Origin { node: "relay-0".into(), incarnation: 7 }
}

fn message() -> Message {
    Message {
        id: "m-1".into(),
        channel: Channel::user("alice"),
        position: None,
        timestamp: -4,
        kind: "message".into(),
        payload: Bytes::from_static(b"{\"a\":1}"),
    }
}

fn frame() -> Bytes {
    Frame::encode(&origin(), &message()).unwrap().stamp(9)
}

#[test]
fn a_message_comes_out_as_it_went_in() {
    let expected = Envelope { origin: origin(), order: 9, message: message() };
    assert_eq!(decode(frame()), Ok(expected));
}

#[test]
fn a_frame_has_the_documented_form() {
    let bytes = frame();
    assert_eq!(&bytes[..17], b"\x01\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\x07");
    assert_eq!(&bytes[33..42], b"\0\x07relay-0");
}

#[test]
fn every_cut_of_the_head_is_garbage() {
    let head = frame().len() - message().payload.len();
    for length in 0..head {
        assert_eq!(decode(frame().slice(..length)), Err(Garbage::Short), "{length} bytes");
    }
}

#[test]
fn another_version_is_refused() {
    let mut bytes = frame().to_vec();
    bytes[0] = 3;
    assert_eq!(decode(bytes.into()), Err(Garbage::Version(3)));
}

fn kept(epoch: &[u8]) -> Bytes {
    [b"\x02", epoch, b"\0\0\0\0\0\0\x01\0", &frame()].concat().into()
}

#[test]
fn a_message_of_a_history_has_its_position() {
    let position = "00000000deadbeef-256".parse().ok();
    let expected = Message { position, ..message() };
    assert_eq!(decode(kept(b"00000000deadbeef")).unwrap().message, expected);
}

#[test]
fn an_epoch_of_other_digits_is_garbage() {
    assert_eq!(decode(kept(b"0000000+deadbeef")), Err(Garbage::Position));
}

#[test]
fn every_cut_of_a_position_is_garbage() {
    for length in 1..26 {
        assert_eq!(decode(kept(b"00000000deadbeef").slice(..length)), Err(Garbage::Short), "{length} bytes");
    }
}

#[test]
fn a_name_that_is_not_utf8_is_garbage() {
    let mut bytes = frame().to_vec();
    bytes[35] = 0xff;
    assert_eq!(decode(bytes.into()), Err(Garbage::Text));
}

#[test]
fn a_payload_that_is_not_utf8_is_garbage() {
    let bytes = [&frame()[..], &[0xff]].concat();
    assert_eq!(decode(bytes.into()), Err(Garbage::Text));
}

#[test]
fn a_message_that_is_too_large_is_not_encoded() {
    let large = Message { payload: vec![b' '; MAX_FRAME_BYTES].into(), ..message() };
    assert!(Frame::encode(&origin(), &large).is_err());
}

#[test]
fn a_name_that_is_too_long_is_not_encoded() {
    let long = Message { kind: "k".repeat(65_536), ..message() };
    assert!(Frame::encode(&origin(), &long).is_err());
}

#[test]
fn a_frame_that_is_too_large_is_garbage() {
    let bytes = Bytes::from(vec![VERSION; MAX_FRAME_BYTES + 1]);
    assert_eq!(decode(bytes), Err(Garbage::TooLarge(MAX_FRAME_BYTES + 1)));
}

proptest! {
    #[test]
    fn fuzz_any_message_comes_out_as_it_went_in(
        (node, incarnation, order) in (".*", any::<u64>(), any::<u64>()),
        (id, channel, kind) in (".*", ".*", ".*"),
        timestamp: i64,
        payload in ".{0,256}",
    ) {
        let origin = Origin { node, incarnation };
        let channel = Channel::named(channel);
        let message = Message { id, channel, position: None, timestamp, kind, payload: payload.into() };
        let frame = Frame::encode(&origin, &message).unwrap().stamp(order);
        prop_assert_eq!(decode(frame), Ok(Envelope { origin, order, message }));
    }

    #[test]
    fn fuzz_no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256), known: bool) {
        let mut bytes = bytes;
        if let (true, Some(version)) = (known, bytes.first_mut()) {
            *version = VERSION;
        }
        let _ = decode(bytes.into());
    }
}

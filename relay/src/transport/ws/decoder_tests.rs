//! What the decoder makes of bytes, good, bad, and cut anywhere.

use proptest::prelude::*;

use super::*;

const MASK: [u8; 4] = [1, 2, 3, 4];

/// A masked frame with a first byte of choice.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        0..=125 => bytes.push(0x80 | payload.len() as u8),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn decode(bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    Decoder::default().feed(bytes, 1000, &mut events);
    events
}

/// The close code that the client is told, if it broke a rule.
fn violation(bytes: &[u8]) -> Option<u16> {
    match decode(bytes).pop() {
        Some(Event::Violation(farewell)) => Some(farewell.code.number()),
        _ => None,
    }
}

#[test]
fn a_message_in_fragments_with_a_ping_between_is_whole() {
    let bytes = [masked(0x01, b"he"), masked(0x89, b"p"), masked(0x80, b"llo")].concat();
    assert_eq!(decode(&bytes), [Event::Ping(Bytes::from_static(b"p")), Event::Text("hello".to_owned())]);
}

#[test]
fn nothing_counts_after_a_close_frame() {
    let bytes = [masked(0x88, &[3, 232]), masked(0x81, b"late")].concat();
    assert_eq!(decode(&bytes), [Event::Close(CloseCode::Normal)]);
}

#[test]
fn a_frame_without_a_mask_breaks_the_protocol() {
    assert_eq!(violation(b"\x81\x02hi"), Some(1002));
}

#[test]
fn reserved_bits_and_opcodes_break_the_protocol() {
    for first in [0xc1, 0xa1, 0x91, 0x83, 0x8b, 0x8f] {
        assert_eq!(violation(&masked(first, b"")), Some(1002), "{first:x}");
    }
}

#[test]
fn a_control_frame_is_short_and_whole() {
    assert_eq!(violation(&masked(0x89, &[0; 126])), Some(1002));
    assert_eq!(violation(&masked(0x09, b"")), Some(1002));
}

#[test]
fn frames_out_of_order_break_the_protocol() {
    assert_eq!(violation(&masked(0x80, b"x")), Some(1002));
    assert_eq!(violation(&[masked(0x01, b"x"), masked(0x81, b"y")].concat()), Some(1002));
}

#[test]
fn a_length_in_too_many_bytes_breaks_the_protocol() {
    assert_eq!(violation(b"\x81\xfe\x00\x01\x00\x00\x00\x00x"), Some(1002));
}

#[test]
fn text_that_is_not_utf8_is_invalid_data() {
    assert_eq!(violation(&masked(0x81, &[0xff])), Some(1007));
}

#[test]
fn r004_21_a_message_over_the_limit_is_refused_by_its_header() {
    let header = [b"\x82\xff".as_slice(), &(u64::MAX >> 1).to_be_bytes(), &MASK].concat();
    assert_eq!(violation(&header), Some(1009));
}

#[test]
fn fragments_count_together_against_the_limit() {
    let bytes = [masked(0x02, &[0; 600]), masked(0x80, &[0; 401])].concat();
    assert_eq!(violation(&bytes), Some(1009));
}

#[test]
fn an_idle_decoder_keeps_no_buffer() {
    let mut decoder = Decoder::default();
    decoder.feed(&masked(0x81, b"hello"), 1000, &mut Vec::new());
    assert_eq!(decoder.partial.capacity(), 0);
}

proptest! {
    #[test]
    fn where_bytes_are_cut_makes_no_difference(
        messages in prop::collection::vec("[a-zé]{0,200}", 1..5),
        cuts in prop::collection::vec(0_usize..1200, 0..8),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|text| masked(0x81, text.as_bytes())).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let (mut decoder, mut events, mut from) = (Decoder::default(), Vec::new(), 0);
        for to in cuts.into_iter().chain([bytes.len()]) {
            decoder.feed(&bytes[from..to], 1000, &mut events);
            from = to;
        }
        prop_assert_eq!(events, messages.into_iter().map(Event::Text).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_the_decoder_panic_or_keep_more_than_the_limit(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
    ) {
        let mut decoder = Decoder::default();
        for piece in pieces {
            decoder.feed(&piece, 500, &mut Vec::new());
            prop_assert!(decoder.partial.len() + decoder.assembly.len() < 500 + 14 + 300);
        }
    }
}

//! What the decoder makes of bytes, good, bad, and cut anywhere.

use proptest::prelude::*;

use super::*;
use crate::fuzz::cut;

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

/// A text frame of a megabyte, as far as `sent` goes.
fn begun_text(sent: &[u8]) -> Vec<u8> {
    let head = [b"\x81\xff".as_slice(), &(1_u64 << 20).to_be_bytes(), &MASK].concat();
    [head, sent.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key).collect()].concat()
}

fn violation_within(limit: usize, bytes: &[u8]) -> Option<u16> {
    let mut events = Vec::new();
    Decoder::default().feed(bytes, limit, &mut events);
    events.pop().and_then(|event| match event {
        Event::Violation(farewell) => Some(farewell.code.number()),
        _ => None,
    })
}

#[test]
fn text_is_refused_at_its_first_byte_that_cannot_be_utf8() {
    assert_eq!(violation_within(1 << 20, &begun_text(&[b'a', 0xf4, 0x90])), Some(1007));
    assert_eq!(violation_within(1 << 20, &begun_text(&[b'a', 0xf4, 0x8f])), None);
}

#[test]
fn text_is_refused_amid_its_fragments() {
    assert_eq!(violation(&[masked(0x01, &[0xce]), masked(0x00, &[0xba, 0xff])].concat()), Some(1007));
}

#[test]
fn a_promised_length_costs_nothing_until_it_is_kept() {
    let mut decoder = Decoder::default();
    decoder.feed(&begun_text(b"abc"), 1 << 20, &mut Vec::new());
    assert!(decoder.held() <= 6, "{}", decoder.held());
}

#[test]
fn fragments_without_end_and_without_content_cost_nothing() {
    let mut decoder = Decoder::default();
    decoder.feed(&masked(0x01, b""), 1000, &mut Vec::new());
    for _ in 0..10_000 {
        decoder.feed(&masked(0x00, b""), 1000, &mut Vec::new());
    }
    assert_eq!(decoder.held(), 0);
}

#[test]
fn r004_21_a_message_over_the_limit_is_refused_by_its_header() {
    for length in [1001, 1 << 32, u64::MAX >> 1, u64::MAX] {
        let header = [b"\x82\xff".as_slice(), &length.to_be_bytes(), &MASK].concat();
        // RFC 6455 section 5.2: the shortest form is a must, and the highest bit is zero.
        let expected = if length < 65536 { 1002 } else { 1009 };
        assert_eq!(violation(&header), Some(expected), "{length}");
    }
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
    assert_eq!((decoder.held(), decoder.head.capacity(), decoder.control.capacity()), (0, 0, 0));
}

/// Mostly sound frames; some have flags, opcodes or lengths that no frame may have.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        "[a-zé\u{1f600}]{0,100}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..200),
    ];
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x81_u8, 0x82, 0x89, 0x8a, 0x01, 0x02, 0x00, 0x80]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    let sound = (first, payload).prop_map(|(first, payload)| masked(first, &payload));
    prop_oneof![20 => sound, 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

proptest! {
    #[test]
    fn fuzz_where_messages_are_cut_makes_no_difference(
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
    fn fuzz_no_bytes_make_the_decoder_panic_or_keep_more_than_the_limit(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
    ) {
        let mut decoder = Decoder::default();
        for piece in pieces {
            decoder.feed(&piece, 500, &mut Vec::new());
            prop_assert!(decoder.held() <= 500 + MAX_HEAD + MAX_CONTROL);
        }
    }

    #[test]
    fn fuzz_where_frames_of_any_kind_are_cut_makes_no_difference(
        frames in prop::collection::vec(any_frame(), 0..12),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let bytes = frames.concat();
        let (mut decoder, mut events) = (Decoder::default(), Vec::new());
        for piece in cut(&bytes, &cuts) {
            decoder.feed(piece, 1000, &mut events);
            prop_assert!(decoder.held() <= 1000 + MAX_HEAD + MAX_CONTROL);
        }
        let mut expected = decode(&bytes);
        if let Some(place) = expected.iter().position(|event| matches!(event, Event::Violation(_))) {
            // Text is refused at its first bad byte: the words may differ, if what came later was bad, too.
            prop_assert!(matches!(events.get(place), Some(Event::Violation(_))));
            expected.truncate(place);
            events.truncate(place);
        }
        prop_assert_eq!(events, expected);
    }

    #[test]
    fn fuzz_frames_of_ours_are_read_by_another_implementation(text in ".{0,300}") {
        let frame = crate::transport::ws::text_frame(text.as_bytes());
        let mut cursor = Cursor::new(&frame[..]);
        let (header, length) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
        prop_assert!(header.is_final && header.mask.is_none());
        prop_assert_eq!((length as usize, &frame[cursor.position() as usize..]), (text.len(), text.as_bytes()));
    }
}

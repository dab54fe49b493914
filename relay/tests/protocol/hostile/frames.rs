//! Frames that no client of good will sends, to the sockets of all profiles.

use super::{LIMITS, Scene};
use crate::support::{Got, Raw, frame};

/// Sends `bytes` to each profile; all are told `code`, and the bystander does not notice.
async fn all_are_told(code: u16, bytes: &[u8]) {
    let mut scene = Scene::with(&LIMITS).await;
    for (path, mut socket) in scene.sockets().await {
        socket.send(bytes).await;
        assert_eq!(socket.end().await, Got::Close(code), "{path}, {bytes:?}");
    }
    scene.is_as_before().await;
}

/// A header with a length in eight bytes.
fn promise(length: u64) -> Vec<u8> {
    [b"\x82\xff".as_slice(), &length.to_be_bytes(), &[1, 2, 3, 4]].concat()
}

#[tokio::test]
async fn r004_21_lengths_up_to_the_largest_number_are_refused_by_their_header_in_all_profiles() {
    for length in [1 << 20, u64::from(u32::MAX), (1 << 63) - 1, u64::MAX] {
        all_are_told(1009, &promise(length)).await;
    }
}

#[tokio::test]
async fn reserved_bits_are_refused_by_all_profiles() {
    for bits in [0x40, 0x20, 0x10, 0x70] {
        all_are_told(1002, &frame(0x81 | bits, b"2")).await;
    }
}

#[tokio::test]
async fn control_frames_over_125_bytes_are_refused_by_all_profiles() {
    all_are_told(1002, &frame(0x89, &[0; 126])).await;
}

#[tokio::test]
async fn frames_without_a_mask_are_refused_by_all_profiles() {
    all_are_told(1002, b"\x81\x02hi").await;
}

#[tokio::test]
async fn text_that_is_not_utf8_is_refused_by_all_profiles() {
    all_are_told(1007, &frame(0x81, b"\xff")).await;
}

#[tokio::test]
async fn r004_21_fragments_without_end_are_refused_at_the_limit_by_all_profiles() {
    let fragments = [frame(0x02, &[0; 400]), frame(0x00, &[0; 400]), frame(0x00, &[0; 400])].concat();
    all_are_told(1009, &fragments).await;
}

#[tokio::test]
async fn no_profile_takes_the_offer_of_compression() {
    let scene = Scene::with(&[]).await;
    for path in ["/ws?user_id=stranger", "/ws", "/ws/stranger", "/socket.io/?EIO=4&transport=websocket"] {
        let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        let socket = Raw::offering(scene.relay.address, path, offer).await;
        assert!(!socket.head.to_ascii_lowercase().contains("extensions"), "{}", socket.head);
    }
}

#[tokio::test]
async fn clients_that_promise_much_and_vanish_leave_nothing_behind() {
    let mut scene = Scene::with(&[]).await;
    for _ in 0..50 {
        let mut socket = Raw::connect(scene.relay.address, "/ws/stranger").await;
        socket.send(&[&promise(60_000)[..], &[0; 30_000]].concat()).await;
    }
    scene.is_as_before().await;
}

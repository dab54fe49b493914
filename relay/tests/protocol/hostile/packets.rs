//! Engine.IO and Socket.IO packets that no client makes (CVE-2022-21676, CVE-2024-38355).

use super::Scene;
use crate::support::{Got, Raw, frame};

const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// Packets that end their session.
const BROKEN: [&str; 23] = [
    "",
    "0{}",
    "7",
    "9",
    "\u{0}",
    "4",
    "47",
    "4\u{0}",
    "45-[\"x\"]",
    "45[\"x\"]",
    "4599999999999999999999-[\"x\"]",
    "451x-[\"x\"]",
    "45-1-[\"x\"]",
    "42[]",
    "42[1]",
    "42{}",
    "42[\"x\"",
    "42[\"x\"]]",
    "42/elsewhere,[\"x\"]",
    "4218446744073709551616[\"x\"]",
    "40{\"a\":",
    "44{\"message\":\"x\"}",
    "4b!!!",
];

/// Sends packets after the session and its namespace have begun; tells how it ends.
async fn after_connecting(scene: &Scene, packets: &[Vec<u8>]) -> Got {
    let mut socket = Raw::connect(scene.relay.address, PATH).await;
    socket.send(&frame(0x81, b"40")).await;
    for packet in packets {
        socket.send(packet).await;
    }
    // Whatever is sound is answered before the end.
    socket.send(&frame(0x81, b"1")).await;
    socket.end().await
}

#[tokio::test]
async fn packets_that_are_none_end_their_session_and_no_other() {
    let mut scene = Scene::with(&[]).await;
    for packet in BROKEN {
        let end = after_connecting(&scene, &[frame(0x81, packet.as_bytes())]).await;
        assert_eq!(end, Got::Close(1002), "{packet:?}");
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn attachments_out_of_place_end_their_session_and_no_other() {
    let mut scene = Scene::with(&[]).await;
    let (bytes, event) = (frame(0x82, &[1, 2, 3]), |text: &str| frame(0x81, text.as_bytes()));
    for packets in [
        vec![bytes.clone()],
        vec![event("451-[\"x\",{\"_placeholder\":true,\"num\":0}]"), event("42[\"y\"]")],
        vec![event("451-[\"x\"]"), bytes.clone(), bytes.clone()],
    ] {
        assert_eq!(after_connecting(&scene, &packets).await, Got::Close(1002));
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn odd_packets_that_are_packets_do_no_harm() {
    let mut scene = Scene::with(&[]).await;
    let deep = format!("42[\"x\",{}1{}]", "[".repeat(100_000), "]".repeat(100_000));
    let deep_chat =
        format!("421[\"chat:message\",{{\"content\":\"x\",\"y\":{}}}]", deep.replace("42[\"x\",", "[1,"));
    for packet in [
        "42[\"x\",{\"_placeholder\":true,\"num\":99}]",
        "42[\"x\",{\"_placeholder\":true,\"num\":-1}]",
        "42[\"x\",{\"_placeholder\":\"yes\",\"num\":\"NaN\"}]",
        "42999999999999999[\"x\"]",
        "43999999999999999[]",
        "430[\"nobody asked\"]",
        "41/elsewhere,",
        "40/elsewhere,{\"token\":\"x\"}",
        "42[\"constructor\",{\"__proto__\":{\"a\":1}}]",
        "42[\"disconnect\"]",
        &deep,
        &deep_chat,
    ] {
        let end = after_connecting(&scene, &[frame(0x81, packet.as_bytes())]).await;
        assert_eq!(end, Got::Close(1000), "{:.80}", packet);
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn a_client_may_not_open_namespaces_without_end() {
    let mut scene = Scene::with(&[]).await;
    let many: Vec<_> = (0..1000).map(|_| frame(0x81, b"40/,{}")).collect();
    assert_eq!(after_connecting(&scene, &many).await, Got::Close(1002));
    scene.is_as_before().await;
}

//! The guides' blocks of settings, as they are, in the file that a relay reads.

use crate::room::Room;

/// What `relay validate-config` says to a file with `block`.
async fn validated(block: &str) -> (bool, String) {
    let room = Room::empty().await;
    std::fs::write(room.folder().join("settings.env"), block).unwrap();
    let relay = env!("CARGO_BIN_EXE_relay");
    let output = room.run(&format!("CONFIG_FILE=settings.env {relay} validate-config")).await;
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[tokio::test]
async fn r000_10_to_13_the_blocks_of_the_push_guide_are_settings() {
    let block = "CORS_ORIGINS=http://yourdomain.com,https://yourdomain.com
WS_PING_INTERVAL=60  # Increase interval to reduce overhead
WS_PING_TIMEOUT=15   # Adjust timeout as needed
DEBUG=true
LOG_LEVEL=DEBUG
PORT=8081
";
    let (sound, said) = validated(block).await;
    assert!(sound, "{said}");
}

#[tokio::test]
async fn r000_10_the_guides_incorrect_origins_are_refused_by_their_name() {
    let (sound, said) = validated("CORS_ORIGINS=localhost,invalid-url\n").await;
    assert!(!sound && said.contains("invalid CORS origin format"), "{said}");
}

#[tokio::test]
async fn r004_15_to_20_the_numbers_of_the_dual_guide_are_settings() {
    let block = "CONNECTION_TIMEOUT=600
MAX_CONNECTIONS_PER_PLAYER=2
HEALTH_CHECK_INTERVAL = 15  # seconds
CLEANUP_INTERVAL = 30  # seconds
CONNECTION_POOL_SIZE = 2000
MAX_TOTAL_CONNECTIONS = 1000
";
    let (sound, said) = validated(block).await;
    assert!(sound, "{said}");
}

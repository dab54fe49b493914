//! Profiles that are switched off are not there: `PROFILES`.

use crate::support::{TestRelay, soon};

/// A path of each profile that no other one has.
const PATHS: [(&str, &str); 5] = [
    ("push", "/sse/push/batch"),
    ("stream", "/api/stats"),
    ("socketio", "/socket.io/"),
    ("tokens", "/api/v1/auth/ws-connection-token/"),
    ("dual", "/api/connections/stats"),
];

async fn is_there(relay: &TestRelay, path: &str) -> bool {
    soon(reqwest::get(relay.url(path))).await.unwrap().status() != 404
}

#[tokio::test]
async fn each_profile_may_be_alone() {
    for (alone, _) in PATHS {
        let relay = TestRelay::with(&[("PROFILES", alone)]);
        for (profile, path) in PATHS {
            assert_eq!(is_there(&relay, path).await, profile == alone, "PROFILES={alone}: {path}");
        }
    }
}

#[tokio::test]
async fn the_path_that_two_profiles_share_is_there_for_either() {
    let of = |profiles| TestRelay::with(&[("PROFILES", profiles)]);
    assert!(is_there(&of("push"), "/ws?user_id=alice").await);
    assert!(!is_there(&of("stream"), "/ws?user_id=alice").await);
    assert!(is_there(&of("stream"), "/ws").await);
    assert!(!is_there(&of("dual"), "/ws").await);
}

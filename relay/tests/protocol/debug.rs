//! `/debug/*` (requirements 001-06 to 001-10, conflict X-23).

use serde_json::Value;

use crate::support::{TestRelay, until};

fn keys(object: &Value) -> String {
    object.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn r001_06_the_buffer_tells_exactly_the_guides_keys() {
    let relay = TestRelay::start();
    let buffer = relay.get("/debug/buffer").await;
    assert_eq!(
        (keys(&buffer).as_str(), &buffer["capacity"]),
        ("capacity dropped size workers", &10_000.into())
    );
}

#[tokio::test]
async fn r001_07_the_workers_tell_exactly_the_guides_keys() {
    let relay = TestRelay::start();
    assert_eq!(keys(&relay.get("/debug/workers").await), "running stats worker_count");
}

#[tokio::test]
async fn r001_12_two_workers_run_at_least() {
    let relay = TestRelay::start();
    until("two workers", async || relay.get("/debug/workers").await["worker_count"] == 2).await;
}

#[tokio::test]
async fn r001_08_memory_tells_the_guides_keys() {
    let relay = TestRelay::start();
    let memory = relay.get("/debug/memory").await;
    assert_eq!(keys(&memory), "connections gc_stats memory_mb memory_percent open_files");
    assert!(memory["memory_mb"].as_f64() > Some(1.0) && memory["gc_stats"].is_array(), "{memory}");
}

#[tokio::test]
async fn r001_09_a_profile_is_text_and_one_at_a_time() {
    let relay = TestRelay::start();
    let (first, second) = tokio::join!(
        reqwest::get(relay.url("/debug/profile?seconds=1")),
        reqwest::get(relay.url("/debug/profile?seconds=1")),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    let mut statuses = [first.status().as_u16(), second.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429]);
    let profile = if first.status() == 200 { first } else { second };
    let profile: Value = profile.json().await.unwrap();
    assert!(profile["profile"].as_str().unwrap().contains("cumulative"), "{profile}");
}

#[tokio::test]
async fn r001_10_tasks_have_names() {
    let relay = TestRelay::start();
    until("a worker", async || {
        let told = relay.get("/debug/tasks").await;
        let worker = told["tasks"].as_array().unwrap().iter().find(|task| task["name"] == "stream-worker-0");
        worker.is_some_and(|worker| worker["done"] == false && worker["cancelled"] == false)
            && told["total_tasks"].as_u64() > Some(5)
    })
    .await;
}

#[tokio::test]
async fn x23_with_an_admin_token_only_who_has_it_may_look() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "s3cret").unwrap();
    let relay = TestRelay::with(&[("ADMIN_TOKEN_FILE", token.path().to_str().unwrap())]);
    for url in [relay.url("/debug/buffer"), relay.admin_url("/debug/buffer")] {
        let get = async |token: &str| {
            reqwest::Client::new().get(&url).bearer_auth(token).send().await.unwrap().status().as_u16()
        };
        let statuses =
            [reqwest::get(&url).await.unwrap().status().as_u16(), get("x").await, get("s3cret").await];
        assert_eq!(statuses, [401, 403, 200], "{url}");
    }
}

#[tokio::test]
async fn x23_the_clients_port_can_do_without() {
    let relay = TestRelay::with(&[("DEBUG_ENDPOINTS", "false")]);
    assert_eq!(reqwest::get(relay.url("/debug/buffer")).await.unwrap().status(), 404);
    assert_eq!(reqwest::get(relay.admin_url("/debug/buffer")).await.unwrap().status(), 200);
}

use relay_contract::admin::Status;

use super::*;

fn cluster() -> ClusterKey {
    ClusterKey { namespace: "ns".to_owned(), name: "a".to_owned() }
}

fn settings(text: &str) -> Settings {
    Settings::new(text.to_owned())
}

/// A fleet whose relays are to run `A=2`.
fn fleet() -> Fleet {
    let fleet = Fleet::new(Duration::from_secs(12)).0;
    let target = Target {
        uid: "u".to_owned(),
        token: SecretValue::random(),
        settings: None,
        drain: None,
        scales: false,
    };
    fleet.watch(cluster(), target);
    fleet.set(&cluster(), Some(settings("A=2\n")));
    fleet
}

/// What a process says of itself that runs this.
fn runs(text: &str, started_at: i64) -> Status {
    let status = serde_json::json!({"version": "1", "node": "a", "startedAt": started_at, "accepting": true,
        "config": {"hash": settings(text).hash()},
        "connections": {"total": 1}, "bus": {"kind": "redis", "state": "ok"}});
    serde_json::from_value(status).unwrap()
}

#[tokio::test]
async fn a_relay_that_runs_other_settings_is_told() {
    assert_eq!(fleet().news(&cluster(), "p", &runs("A=1\n", 1)), Some(settings("A=2\n")));
}

#[tokio::test]
async fn a_relay_that_runs_them_is_told_nothing() {
    assert_eq!(fleet().news(&cluster(), "p", &runs("A=2\n", 1)), None);
}

#[tokio::test]
async fn a_relay_that_refused_them_is_told_again_only_as_another_process_or_of_others() {
    let (fleet, status) = (fleet(), runs("A=1\n", 1));
    fleet.refused(&cluster(), "p", &settings("A=2\n"), &status);
    assert_eq!(fleet.news(&cluster(), "p", &status), None);
    assert!(fleet.news(&cluster(), "p", &runs("A=1\n", 2)).is_some());
    fleet.set(&cluster(), Some(settings("A=3\n")));
    assert!(fleet.news(&cluster(), "p", &status).is_some());
}

#[tokio::test]
async fn new_settings_do_not_wait_for_the_next_round() {
    let fleet = fleet();
    fleet.hurried().await;
    fleet.note(Instant::now(), &cluster(), "p", Some(runs("A=2\n", 1)));
    assert!(!fleet.is_urgent(&cluster(), "p"));
    fleet.set(&cluster(), Some(settings("A=3\n")));
    fleet.hurried().await;
    assert!(fleet.is_urgent(&cluster(), "p"));
}

#[tokio::test]
async fn a_visit_that_watches_a_cluster_again_forgets_no_settings() {
    let fleet = fleet();
    fleet.watch(
        cluster(),
        Target {
            uid: "u".to_owned(),
            token: SecretValue::random(),
            settings: None,
            drain: None,
            scales: false,
        },
    );
    assert!(fleet.news(&cluster(), "p", &runs("A=1\n", 1)).is_some());
}

#[tokio::test]
async fn a_new_cluster_of_the_same_name_has_no_settings_of_the_former_one() {
    let fleet = fleet();
    fleet.watch(
        cluster(),
        Target {
            uid: "v".to_owned(),
            token: SecretValue::random(),
            settings: None,
            drain: None,
            scales: false,
        },
    );
    assert_eq!(fleet.news(&cluster(), "p", &runs("A=1\n", 1)), None);
}

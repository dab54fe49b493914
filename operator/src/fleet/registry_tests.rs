use futures::StreamExt as _;
use relay_contract::admin::{Bus, BusKind, Connections};

use super::*;

const FRESH: Duration = Duration::from_secs(12);

fn cluster() -> ClusterKey {
    ClusterKey { namespace: "ns".to_owned(), name: "a".to_owned() }
}

fn status(connections: u64, bus: BusState) -> Status {
    Status {
        version: "0.1.0".to_owned(),
        node: "a-0".to_owned(),
        started_at: 0,
        config: relay_contract::admin::Config::default(),
        accepting: true,
        draining: None,
        connections: Connections { total: connections, ..Connections::default() },
        queue_bytes: 0,
        bus: Bus { kind: BusKind::Redis, state: bus, reason: None, lag_ms: None, stalled_partitions: None },
        drops: std::collections::BTreeMap::default(),
        signals: relay_contract::admin::Signals::default(),
    }
}

/// How many changes wait.
fn waiting(changes: &mut Changes) -> usize {
    std::iter::from_fn(|| futures::FutureExt::now_or_never(changes.next()).flatten()).count()
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_of_a_relay_is_a_change() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    fleet.note(Instant::now(), &cluster(), "p", Some(status(3, BusState::Ok)));
    assert_eq!(waiting(&mut changes), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_rounds_to_the_same_is_no_change() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1_001, BusState::Ok)));
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1_003, BusState::Ok)));
    assert_eq!(waiting(&mut changes), 1);
}

#[tokio::test(start_paused = true)]
async fn f16_connections_that_move_are_a_change_only_now_and_then() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    for connections in 1..=12 {
        fleet.note(Instant::now(), &cluster(), "p", Some(status(connections * 100, BusState::Ok)));
        tokio::time::advance(Duration::from_secs(5)).await;
    }
    assert_eq!(waiting(&mut changes), 2);
}

#[tokio::test(start_paused = true)]
async fn f16_a_change_of_state_does_not_wait_because_connections_moved_just_now() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    fleet.note(Instant::now(), &cluster(), "p", Some(status(100, BusState::Ok)));
    fleet.note(Instant::now(), &cluster(), "p", Some(status(200, BusState::Degraded)));
    assert_eq!(waiting(&mut changes), 2);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_fails_is_a_change() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Ok)));
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Degraded)));
    assert_eq!(waiting(&mut changes), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_late_does_not_undo_what_a_later_question_found() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    let asked = Instant::now();
    tokio::time::advance(Duration::from_secs(1)).await;
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Ok)));
    fleet.note(asked, &cluster(), "p", Some(status(1, BusState::Degraded)));
    assert_eq!(fleet.status("p").map(|told| told.bus.state), Some(BusState::Ok));
    assert_eq!(waiting(&mut changes), 1);
}

#[tokio::test(start_paused = true)]
async fn one_missing_answer_leaves_the_last_one_standing() {
    let (fleet, _changes) = Fleet::new(FRESH);
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Ok)));
    tokio::time::advance(Duration::from_secs(5)).await;
    fleet.note(Instant::now(), &cluster(), "p", None);
    assert!(fleet.status("p").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_stays_silent_becomes_unknown() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Ok)));
    tokio::time::advance(Duration::from_secs(13)).await;
    fleet.note(Instant::now(), &cluster(), "p", None);
    assert_eq!((fleet.status("p"), waiting(&mut changes)), (None, 2));
}

#[tokio::test(start_paused = true)]
async fn f10_a_relay_that_never_answers_is_told_of_after_half_a_minute() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    let mut told = Vec::new();
    for _ in 0..8 {
        fleet.note(Instant::now(), &cluster(), "p", None);
        told.push((waiting(&mut changes), fleet.signals("p").len()));
        tokio::time::advance(Duration::from_secs(5)).await;
    }
    assert_eq!(told, [[(0, 0); 6].as_slice(), &[(1, 1), (0, 1)]].concat());
}

#[tokio::test(start_paused = true)]
async fn f10_an_answer_ends_the_silence_at_once() {
    let (fleet, _changes) = Fleet::new(FRESH);
    fleet.note(Instant::now(), &cluster(), "p", None);
    tokio::time::advance(Duration::from_secs(31)).await;
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Ok)));
    assert_eq!(fleet.signals("p"), []);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_found_the_queue_full_is_told_later() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    let told = (0..2_000)
        .filter(|n| fleet.note(Instant::now(), &cluster(), &n.to_string(), Some(status(1, BusState::Ok))))
        .count();
    assert!(told < 2_000);
    waiting(&mut changes);
    assert!(fleet.note(Instant::now(), &cluster(), "1999", Some(status(1, BusState::Ok))));
    assert_eq!(waiting(&mut changes), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_first_answers_goes_on_when_the_last_relay_was_asked() {
    let (fleet, _changes) = Fleet::new(FRESH);
    let limit = Duration::from_secs(4);
    let began = tokio::time::Instant::now();
    let other = fleet.clone();
    let asking = async move {
        other.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Ok)));
        tokio::time::sleep(Duration::from_secs(1)).await;
        other.note(Instant::now(), &cluster(), "q", None);
    };
    tokio::join!(fleet.all_asked(&["p", "q"], limit), asking);
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn f16_a_first_answer_that_a_visit_waits_for_is_no_reason_for_another_visit() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    let other = fleet.clone();
    let answering = async move { other.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Ok))) };
    tokio::join!(fleet.all_asked(&["p"], Duration::from_secs(4)), answering);
    assert_eq!(waiting(&mut changes), 0);
    fleet.note(Instant::now(), &cluster(), "p", Some(status(1, BusState::Degraded)));
    assert_eq!(waiting(&mut changes), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_first_answers_waits_no_longer_than_the_limit() {
    let (fleet, _changes) = Fleet::new(FRESH);
    let began = tokio::time::Instant::now();
    fleet.all_asked(&["p"], Duration::from_secs(4)).await;
    assert_eq!(began.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn f16_connections_of_all_relays_of_a_cluster_that_moved_are_one_change() {
    let (fleet, mut changes) = Fleet::new(FRESH);
    let note = |pod: &str, connections| {
        fleet.note(Instant::now(), &cluster(), pod, Some(status(connections, BusState::Ok)))
    };
    assert!(note("p", 100) && note("q", 100));
    assert!(note("p", 200) && note("q", 200));
    waiting(&mut changes);
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(note("p", 200) && note("q", 200));
    }
    assert_eq!(waiting(&mut changes), 1);
}

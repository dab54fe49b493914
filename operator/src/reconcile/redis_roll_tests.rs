use k8s_openapi::jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::reconcile::fixtures::serving;

/// A ready server, whose identity is its name.
fn server(ordinal: usize, revision: &str) -> Server {
    let pod = serving(&format!("demo-redis-data-{ordinal}"), "", Timestamp::UNIX_EPOCH);
    Server { pod: RelayPod { redis: true, ..pod }, revision: revision.to_owned() }
}

fn servers(revisions: [&str; 3]) -> Vec<Server> {
    revisions.into_iter().enumerate().map(|(ordinal, revision)| server(ordinal, revision)).collect()
}

/// A view in which this server leads and all others have what it has.
fn led_by(leader: &Server, all: &[Server]) -> View {
    let others = all.iter().filter(|server| *server != leader);
    View {
        primary: Some(member(leader)),
        in_sync: others.map(|server| server.pod.uid.clone()).collect(),
        agreeing: 3,
        quorum: true,
    }
}

fn step(all: &[Server], leader: usize) -> Step {
    next(all, "new", Some(&led_by(&all[leader], all)))
}

#[test]
fn f11_replicas_are_replaced_before_the_primary() {
    let all = servers(["old", "old", "old"]);
    assert_eq!(step(&all, 2), Step::Replace(member(&all[1])));
    assert_eq!(step(&all, 0), Step::Replace(member(&all[2])));
}

#[test]
fn f11_the_primary_hands_over_before_it_is_replaced() {
    let all = servers(["old", "new", "new"]);
    assert_eq!(step(&all, 0), Step::HandOver);
    assert_eq!(step(&all, 1), Step::Replace(member(&all[0])));
}

#[test]
fn f11_a_former_primary_is_replaced_before_it_learns_that_it_is_one() {
    let all = servers(["old", "new", "new"]);
    let view = View { in_sync: ["demo-redis-data-2".to_owned()].into(), ..led_by(&all[1], &all) };
    assert_eq!(next(&all, "new", Some(&view)), Step::Replace(member(&all[0])));
}

#[test]
fn f11_nothing_is_done_when_all_are_as_wanted() {
    assert_eq!(step(&servers(["new", "new", "new"]), 0), Step::Nothing);
}

#[test]
fn f11_no_server_goes_while_another_lacks_something() {
    let all = servers(["old", "old", "new"]);
    let whole = led_by(&all[0], &all);
    let behind = View { in_sync: ["demo-redis-data-1".to_owned()].into(), ..whole.clone() };
    let alone = View { quorum: false, ..whole.clone() };
    let headless = View { primary: None, ..whole.clone() };
    for view in [Some(&behind), Some(&alone), Some(&headless), None] {
        assert_eq!(next(&all, "new", view), Step::Wait, "{view:?}");
    }
    let mut ending = all.clone();
    ending[2].pod.terminating = true;
    assert_eq!(next(&ending, "new", Some(&whole)), Step::Wait);
    assert_eq!(next(&all[..2], "new", Some(&whole)), Step::Wait);
}

#[test]
fn f11_a_server_that_cannot_start_is_replaced_by_one_that_can() {
    let mut all = servers(["old", "old", "broken"]);
    all[2].pod = RelayPod { ready: false, started: false, ..all[2].pod.clone() };
    let view = View { in_sync: ["demo-redis-data-1".to_owned()].into(), ..led_by(&all[0], &all) };
    assert_eq!(next(&all, "old", Some(&view)), Step::Replace(member(&all[2])));
}

proptest! {
    /// Whatever is known, the primary is never replaced, and never more than one server is missing.
    #[test]
    fn f11_a_roll_never_takes_the_primary_or_a_second_server(
        revisions in prop::collection::vec(prop::bool::ANY, 3),
        ready in prop::collection::vec(prop::bool::ANY, 3),
        synced in prop::collection::vec(prop::bool::ANY, 3),
        leader in 0_usize..3,
        quorum in prop::bool::ANY,
    ) {
        let mut all = servers(["old", "old", "old"]);
        for (at, server) in all.iter_mut().enumerate() {
            server.revision = if revisions[at] { "new" } else { "old" }.to_owned();
            // It ran once: what it holds counts.
            server.pod.ready = ready[at];
        }
        let mut view = led_by(&all[leader], &all);
        view.quorum = quorum;
        view.in_sync.retain(|uid| all.iter().zip(&synced).any(|(it, synced)| it.pod.uid == *uid && *synced));
        match next(&all, "new", Some(&view)) {
            Step::Replace(member) => {
                prop_assert_ne!(&member.uid, &all[leader].pod.uid);
                let others = || all.iter().filter(|server| server.pod.uid != member.uid);
                let synced = |it: &Server| it.pod.uid == all[leader].pod.uid || view.in_sync.contains(&it.pod.uid);
                prop_assert!(quorum && others().all(|server| server.pod.ready && synced(server)));
            }
            Step::HandOver => {
                let all_ready = ready.iter().all(|ready| *ready);
                prop_assert!(all_ready && quorum && view.in_sync.len() == 2 && !revisions[leader]);
            }
            Step::Nothing | Step::Wait => {}
        }
    }
}

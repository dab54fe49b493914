use proptest::prelude::*;

use super::*;

fn revision(name: &str, desired: u32, ready: u32) -> Revision {
    Revision { name: name.to_owned(), desired, ready, maybe_ready: ready, pods: desired }
}

fn bounds(replicas: u32, surge: u32) -> Bounds {
    Bounds { replicas, surge, hold: false }
}

fn sizes(plan: &Plan) -> Vec<(&str, u32)> {
    plan.replicas.iter().map(|(name, size)| (name.as_str(), *size)).collect()
}

#[test]
fn a_new_cluster_starts_all_relays_at_once() {
    assert_eq!(sizes(&plan("a", bounds(3, 1), &[])), [("a", 3)]);
}

#[test]
fn a_new_revision_starts_with_the_surge() {
    assert_eq!(sizes(&plan("b", bounds(4, 1), &[revision("a", 4, 4)])), [("a", 4), ("b", 1)]);
}

#[test]
fn the_old_revision_shrinks_as_the_new_one_gets_ready() {
    let observed = [revision("a", 4, 4), revision("b", 1, 1)];
    assert_eq!(sizes(&plan("b", bounds(4, 1), &observed)), [("a", 3), ("b", 2)]);
}

#[test]
fn the_only_relay_goes_after_its_successor_is_ready() {
    let starting = [revision("a", 1, 1), revision("b", 1, 0)];
    assert_eq!(sizes(&plan("b", bounds(1, 1), &starting)), [("a", 1), ("b", 1)]);
    let ready = [revision("a", 1, 1), revision("b", 1, 1)];
    assert_eq!(sizes(&plan("b", bounds(1, 1), &ready)), [("a", 0), ("b", 1)]);
}

#[test]
fn an_old_revision_that_never_got_ready_goes_at_once() {
    assert_eq!(sizes(&plan("b", bounds(3, 1), &[revision("a", 3, 0)])), [("a", 0), ("b", 3)]);
}

#[test]
fn an_empty_old_revision_is_deleted() {
    let empty = Revision { pods: 0, ..revision("a", 0, 0) };
    assert_eq!(plan("b", bounds(1, 1), &[empty, revision("b", 1, 1)]).delete, ["a"]);
}

#[test]
fn an_old_revision_whose_relays_still_end_is_kept() {
    let ending = Revision { pods: 1, ..revision("a", 0, 0) };
    assert!(plan("b", bounds(1, 1), &[ending, revision("b", 1, 1)]).delete.is_empty());
}

#[test]
fn going_back_is_a_rollout_like_any_other() {
    let observed = [revision("a", 3, 3), revision("b", 2, 1)];
    assert_eq!(sizes(&plan("a", bounds(4, 1), &observed)), [("a", 4), ("b", 1)]);
}

#[test]
fn a_third_revision_waits_until_one_of_the_older_two_is_empty() {
    let observed = [revision("a", 3, 3), revision("b", 1, 1)];
    assert_eq!(sizes(&plan("c", bounds(3, 1), &observed)), [("a", 3), ("b", 0), ("c", 0)]);
}

#[test]
fn relays_that_only_one_witness_calls_ready_are_neither_counted_nor_ended() {
    let stale = Revision { ready: 0, maybe_ready: 4, ..revision("a", 4, 0) };
    assert_eq!(sizes(&plan("b", bounds(4, 1), &[stale])), [("a", 4), ("b", 1)]);
}

#[test]
fn no_relay_is_kept_when_none_is_wanted() {
    assert_eq!(sizes(&plan("b", bounds(0, 1), &[revision("a", 3, 3)])), [("a", 0), ("b", 0)]);
}

#[test]
fn f11_no_relay_that_is_ready_goes_while_redis_is_down() {
    let hold = Bounds { hold: true, ..bounds(4, 1) };
    let observed = [revision("a", 4, 4), revision("b", 1, 1)];
    assert_eq!(sizes(&plan("b", hold, &observed)), [("a", 4), ("b", 1)]);
}

#[test]
fn f11_a_relay_that_never_got_ready_goes_while_redis_is_down() {
    let hold = Bounds { hold: true, ..bounds(4, 1) };
    let observed = [revision("a", 4, 4), revision("b", 1, 0)];
    assert_eq!(sizes(&plan("a", hold, &observed)), [("a", 4), ("b", 0)]);
}

/// Any two revisions, as they may stand in the middle of a rollout, of a cluster that serves.
fn serving() -> impl Strategy<Value = (u32, u32, Vec<Revision>)> {
    (1_u32..20, 1_u32..6).prop_flat_map(|(replicas, surge)| {
        (0..=replicas + surge).prop_flat_map(move |a| {
            let b = 0..=(replicas + surge - a);
            (Just(a), b, 0..=a).prop_flat_map(move |(a, b, ready_a)| {
                (0..=b).prop_map(move |ready_b| {
                    (replicas, surge, vec![revision("a", a, ready_a), revision("b", b, ready_b)])
                })
            })
        })
    })
}

/// Relays that stay ready when every Deployment is set to its plan at once: a Deployment ends
/// those that are not ready first.
fn stay_ready(observed: &[Revision], plan: &Plan) -> u32 {
    observed.iter().map(|revision| revision.ready.min(plan.of(&revision.name))).sum()
}

proptest! {
    #[test]
    fn what_is_ready_never_falls_below_what_is_wanted((replicas, surge, observed) in serving(), wanted in "[abc]") {
        let before: u32 = observed.iter().map(|revision| revision.ready).sum();
        let after = stay_ready(&observed, &plan(&wanted, bounds(replicas, surge), &observed));
        prop_assert!(after >= before.min(replicas));
    }

    #[test]
    fn there_are_never_more_relays_than_the_surge_allows((replicas, surge, observed) in serving(), wanted in "[abc]") {
        let plan = plan(&wanted, bounds(replicas, surge), &observed);
        prop_assert!(plan.replicas.values().sum::<u32>() <= replicas + surge);
    }

    #[test]
    fn at_most_two_revisions_have_relays((replicas, surge, observed) in serving(), wanted in "[abc]") {
        let plan = plan(&wanted, bounds(replicas, surge), &observed);
        let alive = |name: &&str| {
            let had = observed.iter().any(|revision| revision.name == **name && revision.desired > 0);
            had || plan.of(name) > 0
        };
        prop_assert!(["a", "b", "c"].iter().filter(|name| alive(name)).count() <= 2);
    }

    #[test]
    fn every_rollout_ends_when_all_relays_get_ready((replicas, surge, mut observed) in serving(), wanted in "[abc]") {
        for _ in 0..200 {
            let plan = plan(&wanted, bounds(replicas, surge), &observed);
            observed.retain(|revision| !plan.delete.contains(&revision.name));
            if !observed.iter().any(|revision| revision.name == wanted) {
                observed.push(revision(&wanted, 0, 0));
            }
            for one in &mut observed {
                *one = revision(&one.name, plan.of(&one.name), plan.of(&one.name));
            }
        }
        prop_assert_eq!(observed, vec![revision(&wanted, replicas, replicas)]);
    }
}

//! How evenly clients are spread, and how many relays are on their way out.

use super::*;

/// Relays with so many connections each.
fn with(connections: &[u64]) -> Facts {
    let relay = |connections: &u64| Relay { told: told(*connections, "ok"), ..relay("p", "r") };
    Facts { relays: connections.iter().map(relay).collect(), ..settled() }
}

#[test]
fn f09_the_fullest_relay_is_compared_with_the_average() {
    for (connections, percent) in [(&[100, 300][..], 50), (&[100, 100], 0), (&[0, 0], 0), (&[0, 0, 9], 200)] {
        let told = compute(&with(connections)).connections.unwrap();
        assert_eq!((connections, told.imbalance), (connections, percent));
    }
}

#[test]
fn f09_a_relay_that_goes_is_counted_and_makes_no_imbalance() {
    let mut facts = with(&[100, 100, 1]);
    facts.relays[2].pod.terminating = true;
    let status = compute(&facts);
    assert_eq!((status.draining, status.connections.unwrap().imbalance), (1, 0));
}

use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds { min: 2, max: 20, target: 100 };

fn known(connections: u64) -> Load {
    Load { connections, known: 1, ..Load::default() }
}

/// Decides every 15 s for so long under one load; the last decision.
fn after(seconds: u64, history: &mut History, mut current: u32, load: Load, start: Instant) -> u32 {
    for second in (0..=seconds).step_by(15) {
        current = history.decide(BOUNDS, current, load, start + Duration::from_secs(second)).replicas;
    }
    current
}

#[test]
fn f07_more_connections_than_the_target_take_more_relays_at_once() {
    let decision = History::default().decide(BOUNDS, 3, known(500), Instant::now());
    assert_eq!((decision.replicas, decision.limit), (5, None));
}

#[test]
fn f07_a_tenth_around_the_target_changes_nothing() {
    for connections in [360, 400, 440] {
        assert_eq!(History::default().decide(BOUNDS, 4, known(connections), Instant::now()).replicas, 4);
    }
}

#[test]
fn f07_a_step_up_at_most_doubles_or_adds_four() {
    let now = Instant::now();
    assert_eq!(History::default().decide(BOUNDS, 2, known(2_000), now).replicas, 6);
    assert_eq!(History::default().decide(BOUNDS, 8, known(2_000), now).replicas, 16);
}

#[test]
fn f07_the_next_step_up_takes_its_time() {
    let (mut history, now) = (History::default(), Instant::now());
    assert_eq!(history.decide(BOUNDS, 2, known(2_000), now).replicas, 6);
    let soon = history.decide(BOUNDS, 6, known(2_000), now + Duration::from_secs(5));
    assert_eq!((soon.replicas, soon.pending), (6, true));
    assert_eq!(history.decide(BOUNDS, 6, known(2_000), now + UP_EVERY).replicas, 12);
}

#[test]
fn f07_fewer_relays_wait_for_five_calm_minutes() {
    let (mut history, start) = (History::default(), Instant::now());
    assert_eq!(after(285, &mut history, 10, known(300), start), 10);
    assert_eq!(history.decide(BOUNDS, 10, known(300), start + CALM).replicas, 9);
}

#[test]
fn f07_one_busy_moment_in_five_minutes_keeps_all_relays() {
    let (mut history, start) = (History::default(), Instant::now());
    after(150, &mut history, 10, known(300), start);
    history.decide(BOUNDS, 10, known(1_000), start + Duration::from_secs(165));
    let later = start + Duration::from_secs(180);
    assert_eq!(after(240, &mut history, 10, known(300), later), 10);
}

#[test]
fn f07_steps_down_are_a_tenth_and_two_minutes_apart() {
    let (mut history, start) = (History::default(), Instant::now());
    after(300, &mut history, 10, known(300), start);
    assert_eq!(after(90, &mut history, 9, known(300), start + Duration::from_secs(315)), 9);
    assert_eq!(history.decide(BOUNDS, 9, known(300), start + CALM + DOWN_EVERY).replicas, 8);
}

#[test]
fn f07_a_relay_that_does_not_tell_keeps_all_relays() {
    let (mut history, start) = (History::default(), Instant::now());
    let load = Load { connections: 0, known: 9, unknown: 1, bus_down: false };
    assert_eq!(after(3_600, &mut history, 10, load, start), 10);
    let decision = history.decide(BOUNDS, 10, load, start + Duration::from_secs(3_615));
    assert_eq!(decision.limit, Some(Limit::Unknown));
}

#[test]
fn f07_after_a_silence_five_minutes_begin_anew() {
    let (mut history, start) = (History::default(), Instant::now());
    after(285, &mut history, 10, known(300), start);
    history.decide(BOUNDS, 10, Load { unknown: 1, ..known(300) }, start + Duration::from_secs(290));
    assert_eq!(after(285, &mut history, 10, known(300), start + CALM), 10);
}

#[test]
fn f07_silence_of_all_relays_is_not_an_idle_cluster() {
    let (mut history, start) = (History::default(), Instant::now());
    assert_eq!(after(3_600, &mut history, 10, Load::default(), start), 10);
}

#[test]
fn f07_what_is_known_alone_can_be_reason_for_more() {
    let load = Load { unknown: 1, ..known(500) };
    assert_eq!(History::default().decide(BOUNDS, 3, load, Instant::now()).replicas, 5);
}

#[test]
fn f07_nobody_is_sent_away_while_redis_is_down() {
    let (mut history, start) = (History::default(), Instant::now());
    let load = Load { bus_down: true, ..known(0) };
    assert_eq!(after(3_600, &mut history, 10, load, start), 10);
    let decision = history.decide(BOUNDS, 10, load, start + Duration::from_secs(3_615));
    assert_eq!(decision.limit, Some(Limit::BusDown));
}

#[test]
fn f07_a_need_above_the_most_is_told() {
    let decision = History::default().decide(BOUNDS, 20, known(9_000), Instant::now());
    assert_eq!((decision.replicas, decision.limit), (20, Some(Limit::Maximum(90))));
}

fn loads() -> impl Strategy<Value = Load> {
    (0..5_000_u64, 0..3_usize, 0..2_usize, any::<bool>())
        .prop_map(|(connections, known, unknown, bus_down)| Load { connections, known, unknown, bus_down })
}

/// A course of loads, each some seconds after the one before.
fn courses() -> impl Strategy<Value = Vec<(u64, Load)>> {
    prop::collection::vec((1..200_u64, loads()), 1..60)
}

proptest! {
    #[test]
    fn f07_never_fewer_than_the_least_and_never_more_than_the_most(start in 0..100_u32, course in courses()) {
        let (mut history, mut now, mut current) = (History::default(), Instant::now(), start);
        for (seconds, load) in course {
            now += Duration::from_secs(seconds);
            current = history.decide(BOUNDS, current, load, now).replicas;
            prop_assert!((BOUNDS.min..=BOUNDS.max).contains(&current));
        }
    }

    #[test]
    fn f07_what_is_unknown_never_takes_a_relay_away(current in 2..=20_u32, course in courses()) {
        let (mut history, mut now, mut current) = (History::default(), Instant::now(), current);
        for (seconds, load) in course {
            now += Duration::from_secs(seconds);
            let next = history.decide(BOUNDS, current, load, now).replicas;
            prop_assert!(load.unknown == 0 || next >= current);
            current = next;
        }
    }

    #[test]
    fn f07_more_connections_never_mean_fewer_relays(
        current in 2..=20_u32, course in courses(), (few, more) in (0..3_000_u64, 0..2_000_u64),
    ) {
        let (mut history, mut now) = (History::default(), Instant::now());
        for (seconds, load) in course {
            now += Duration::from_secs(seconds);
            history.decide(BOUNDS, current, load, now);
        }
        now += Duration::from_secs(1);
        let mut other = history.clone();
        let with_few = history.decide(BOUNDS, current, known(few), now).replicas;
        prop_assert!(other.decide(BOUNDS, current, known(few + more), now).replicas >= with_few);
    }

    #[test]
    fn f07_a_steady_load_settles_and_stays(start in 2..=20_u32, connections in 0..5_000_u64) {
        let (mut history, begin) = (History::default(), Instant::now());
        let settled = after(6_000, &mut history, start, known(connections), begin);
        let later = begin + Duration::from_secs(6_015);
        for second in (0..3_600).step_by(15) {
            let now = later + Duration::from_secs(second);
            prop_assert_eq!(history.decide(BOUNDS, settled, known(connections), now).replicas, settled);
        }
    }

    #[test]
    fn f07_the_memory_of_wishes_is_bounded(course in courses()) {
        let (mut history, mut now) = (History::default(), Instant::now());
        for (seconds, load) in course {
            now += Duration::from_secs(seconds % 3);
            history.decide(BOUNDS, 5, load, now);
        }
        prop_assert!(history.wishes.len() <= 23);
    }
}

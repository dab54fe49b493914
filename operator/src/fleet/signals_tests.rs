use proptest::prelude::*;

use super::*;

fn status(process: i64, signals: Signals) -> Status {
    let status = serde_json::json!({"version": "1", "node": "a", "startedAt": process, "accepting": true,
        "connections": {"total": 1}, "bus": {"kind": "redis", "state": "ok"}, "signals": signals});
    serde_json::from_value(status).unwrap()
}

fn drops(process: i64, count: u64) -> Status {
    status(process, Signals { buffer_drops: count, ..Signals::default() })
}

/// Readings every five seconds, of one process.
fn after(counts: &[u64]) -> Watch {
    let (mut watch, begin) = (Watch::default(), Instant::now());
    for (at, count) in counts.iter().enumerate() {
        watch.take(begin + Duration::from_secs(5) * u32::try_from(at).unwrap(), &drops(1, *count));
    }
    watch
}

fn raised(watch: &Watch) -> Vec<(Signal, u64)> {
    watch.raised().into_iter().map(|raised| (raised.signal, raised.figure)).collect()
}

#[test]
fn what_was_counted_before_the_first_reading_raises_nothing() {
    assert_eq!(raised(&after(&[1_000_000, 1_000_000])), []);
}

#[test]
fn a_counter_that_grows_past_the_threshold_within_the_window_is_raised_with_its_figure() {
    assert_eq!(
        raised(&after(&[7, 7 + Signal::BufferDrops.threshold()])),
        [(Signal::BufferDrops, Signal::BufferDrops.threshold())]
    );
}

#[test]
fn a_counter_that_grows_slowly_is_never_raised() {
    let slow: Vec<_> = (0..100).collect();
    assert_eq!(raised(&after(&slow)), []);
}

#[test]
fn another_process_begins_anew() {
    let mut watch = after(&[0, 1]);
    watch.take(Instant::now() + Duration::from_secs(10), &drops(2, 1_000));
    assert_eq!(raised(&watch), []);
}

#[test]
fn what_is_raised_is_lowered_when_it_has_been_quiet_for_the_time_that_it_is_held() {
    let quiet = |readings: usize| raised(&after(&[&[0, 1_000][..], &vec![1_000; readings]].concat())).len();
    let hold = usize::try_from(HOLD.as_secs() / 5).unwrap();
    assert_eq!([quiet(hold - 1), quiet(hold)], [1, 0]);
}

#[test]
fn few_sessions_that_poll_say_nothing() {
    let of = |polling_sessions, socketio_sessions| {
        let mut watch = Watch::default();
        let signals = Signals { polling_sessions, socketio_sessions, ..Signals::default() };
        watch.take(Instant::now(), &status(1, signals));
        raised(&watch)
    };
    assert_eq!((of(9, 9), of(60, 100)), (vec![], vec![(Signal::PollingFallbacks, 60)]));
}

#[test]
fn memory_above_85_percent_is_raised() {
    let of = |memory_percent| {
        let mut watch = Watch::default();
        watch.take(Instant::now(), &status(1, Signals { memory_percent, ..Signals::default() }));
        raised(&watch)
    };
    assert_eq!((of(84), of(86)), (vec![], vec![(Signal::HighMemory, 86)]));
}

proptest! {
    #[test]
    fn whatever_a_relay_counts_a_signal_changes_at_most_once_within_the_time_that_it_is_held(
        counts in prop::collection::vec((0_i64..3, 0_u64..400), 1..200),
    ) {
        let (mut watch, begin, mut changes) = (Watch::default(), Instant::now(), Vec::new());
        for (at, (process, count)) in counts.into_iter().enumerate() {
            let now = begin + Duration::from_secs(5) * u32::try_from(at).unwrap();
            let before = raised(&watch);
            watch.take(now, &drops(process, count));
            if before.is_empty() && !raised(&watch).is_empty() {
                changes.push(now);
            }
        }
        prop_assert!(changes.windows(2).all(|pair| pair[1] - pair[0] >= HOLD));
    }
}

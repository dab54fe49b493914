//! Events per second and per minute, by type (requirement 001-24). Pure: the caller tells the time.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// Windows that are kept.
const KEPT: usize = 60;
/// Types that one window tells apart; the others are counted as [`OTHER`].
const MAX_TYPES: usize = 100;
const OTHER: &str = "(other)";

/// What happened in one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Window {
    /// Begin, in seconds since the epoch.
    pub(super) start: i64,
    pub(super) events: u64,
    pub(super) bytes: u64,
    pub(super) by_type: BTreeMap<Box<str>, u64>,
}

/// The last windows of one length.
#[derive(Debug)]
pub(super) struct Aggregate {
    seconds: i64,
    windows: VecDeque<Window>,
}

impl Aggregate {
    pub(super) fn new(seconds: i64) -> Self {
        Self { seconds, windows: VecDeque::new() }
    }

    /// Counts an event at `now`, in seconds since the epoch.
    pub(super) fn count(&mut self, now: i64, kind: &str, bytes: usize) {
        let start = now - now.rem_euclid(self.seconds);
        if self.windows.back().is_none_or(|window| window.start < start) {
            self.windows.push_back(Window { start, ..Window::default() });
        }
        if self.windows.len() > KEPT {
            self.windows.pop_front();
        }
        let Some(window) = self.windows.back_mut() else { return };
        window.events += 1;
        window.bytes += bytes as u64;
        let known = window.by_type.len() < MAX_TYPES || window.by_type.contains_key(kind);
        let kind = if known { kind } else { OTHER };
        match window.by_type.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(window.by_type.insert(kind.into(), 1)),
        }
    }

    /// The newest windows, newest first.
    pub(super) fn latest(&self, limit: usize) -> Vec<Window> {
        self.windows.iter().rev().take(limit).cloned().collect()
    }

    /// Events of the last whole window before `now`.
    pub(super) fn rate(&self, now: i64) -> u64 {
        let before = now - now.rem_euclid(self.seconds) - self.seconds;
        self.windows.iter().rev().take(2).find(|window| window.start == before).map_or(0, |w| w.events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r001_24_events_are_counted_by_window_and_type() {
        let mut minutes = Aggregate::new(60);
        for (now, kind) in [(0, "a"), (59, "b"), (60, "a")] {
            minutes.count(now, kind, 1);
        }
        let windows: Vec<_> =
            minutes.latest(10).iter().map(|w| (w.start, w.events, w.by_type.len())).collect();
        assert_eq!(windows, [(60, 1, 1), (0, 2, 2)]);
    }

    #[test]
    fn the_rate_is_that_of_the_last_whole_second() {
        let mut seconds = Aggregate::new(1);
        for now in [5, 5, 6] {
            seconds.count(now, "a", 1);
        }
        assert_eq!([seconds.rate(6), seconds.rate(7), seconds.rate(8)], [2, 1, 0]);
    }

    #[test]
    fn old_windows_and_rare_types_are_not_kept_for_ever() {
        let mut seconds = Aggregate::new(1);
        for number in 0..1000 {
            seconds.count(i64::from(number), "a", 1);
            seconds.count(1000, &number.to_string(), 1);
        }
        let windows = seconds.latest(1000);
        assert!(windows.len() <= KEPT && windows[0].by_type.len() <= MAX_TYPES + 1);
    }

    #[test]
    fn a_clock_that_jumps_back_loses_no_event() {
        let mut seconds = Aggregate::new(1);
        seconds.count(100, "a", 1);
        seconds.count(50, "a", 1);
        assert_eq!(seconds.latest(1)[0].events, 2);
    }
}

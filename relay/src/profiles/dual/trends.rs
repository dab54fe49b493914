//! How the health of players' connections went over the last day (requirement 004-10), minute by
//! minute: 1440 of them at most.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::sync::lock;

/// Minutes that are kept.
const DAY: u64 = 1440;
const HOUR: u64 = 60;

/// The minutes that had a check, the newest one last.
#[derive(Debug, Default)]
pub(super) struct Trends(Mutex<VecDeque<Minute>>);

/// The checks of one minute.
#[derive(Clone, Copy, Debug)]
struct Minute {
    /// Number of the minute since the start.
    number: u64,
    checks: u64,
    healthy: u64,
    unhealthy: u64,
}

impl Minute {
    /// Nobody is all healthy.
    fn percentage(&self) -> f64 {
        percentage(self.healthy, self.unhealthy)
    }
}

fn percentage(healthy: u64, unhealthy: u64) -> f64 {
    match healthy + unhealthy {
        0 => 100.0,
        total => healthy as f64 * 100.0 / total as f64,
    }
}

impl Trends {
    /// Notes a check in a minute since the start: numbers of connections.
    pub(super) fn note(&self, number: u64, healthy: u64, unhealthy: u64) {
        let mut minutes = lock(&self.0);
        if let Some(last) = minutes.back_mut().filter(|last| last.number == number) {
            last.checks += 1;
            last.healthy += healthy;
            last.unhealthy += unhealthy;
            return;
        }
        minutes.push_back(Minute { number, checks: 1, healthy, unhealthy });
        while minutes.front().is_some_and(|first| first.number + DAY <= number) {
            minutes.pop_front();
        }
    }

    /// What was noted, as of a minute since the start.
    pub(super) fn report(&self, now: u64) -> Value {
        let minutes = lock(&self.0);
        json!({ "last_hour": summary(&minutes, now, HOUR), "last_24_hours": summary(&minutes, now, DAY) })
    }
}

fn summary(minutes: &VecDeque<Minute>, now: u64, length: u64) -> Value {
    let recent: Vec<_> = minutes.iter().filter(|minute| minute.number + length > now).collect();
    let sum = |of: fn(&Minute) -> u64| recent.iter().map(|minute| of(minute)).sum::<u64>();
    let (checks, healthy, unhealthy) = (sum(|m| m.checks), sum(|m| m.healthy), sum(|m| m.unhealthy));
    let lowest = recent.iter().map(|minute| minute.percentage()).fold(100.0, f64::min);
    json!({
        "checks": checks,
        "average_connections": (healthy + unhealthy) as f64 / checks.max(1) as f64,
        "average_health_percentage": percentage(healthy, unhealthy),
        "lowest_health_percentage": lowest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_10_the_last_hour_and_the_last_day_are_told_apart() {
        let trends = Trends::default();
        trends.note(0, 0, 2);
        trends.note(100, 3, 1);
        trends.note(100, 4, 0);
        let report = trends.report(120);
        let hour = json!({
            "checks": 2, "average_connections": 4.0,
            "average_health_percentage": 87.5, "lowest_health_percentage": 87.5
        });
        assert_eq!(report["last_hour"], hour);
        assert_eq!(report["last_24_hours"]["lowest_health_percentage"], 0.0);
    }

    #[test]
    fn r004_10_without_a_check_all_is_well() {
        assert_eq!(Trends::default().report(7)["last_24_hours"]["average_health_percentage"], 100.0);
    }

    #[test]
    fn minutes_older_than_a_day_are_forgotten() {
        let trends = Trends::default();
        (0..3 * DAY).for_each(|minute| trends.note(minute, 1, 0));
        assert_eq!(lock(&trends.0).len() as u64, DAY);
    }
}

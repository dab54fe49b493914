//! A token bucket. Pure: the caller tells the time.

use std::time::{Duration, Instant};

/// How often something may happen: `count` times in `per`, all at once if one likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Times; 0 is no limit.
    pub count: u32,
    /// The time in which they come back.
    pub per: Duration,
}

impl Quota {
    /// `count` times a second.
    pub const fn per_second(count: u32) -> Self {
        Self { count, per: Duration::from_secs(1) }
    }

    /// `count` times a minute.
    pub const fn per_minute(count: u32) -> Self {
        Self { count, per: Duration::from_secs(60) }
    }
}

/// Once too often: when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Rate limit exceeded, try again in {} s", self.seconds())]
pub struct Limited {
    /// Time until the next one.
    pub wait: Duration,
}

impl Limited {
    /// The wait in whole seconds, as `Retry-After` has it (RFC 9110 section 10.2.3).
    pub fn seconds(&self) -> u64 {
        u64::try_from(self.wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
    }
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    /// All of it, however large.
    pub fn full(now: Instant) -> Self {
        Self { left: f64::INFINITY, at: now }
    }

    /// Takes one.
    ///
    /// # Errors
    /// [`Limited`] if none is left; nothing is taken then.
    pub fn take(&mut self, quota: Quota, now: Instant) -> Result<(), Limited> {
        if quota.count == 0 {
            return Ok(());
        }
        let each = self.earn(quota, now);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(Limited { wait: Duration::from_secs_f64((1.0 - self.left) * each) })
    }

    /// Takes off `count` that were taken elsewhere. What is not left is owed, up to one quota.
    pub fn owe(&mut self, quota: Quota, count: u32, now: Instant) {
        if quota.count > 0 {
            self.earn(quota, now);
            self.left = (self.left - f64::from(count)).max(-f64::from(quota.count));
        }
    }

    /// Adds what came back until `now`. Answers the seconds in which one does.
    fn earn(&mut self, quota: Quota, now: Instant) -> f64 {
        let count = f64::from(quota.count);
        let each = quota.per.as_secs_f64() / count;
        let earned = now.saturating_duration_since(self.at).as_secs_f64() / each;
        self.left = (self.left + earned).min(count);
        self.at = now;
        each
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut Bucket, times: usize, now: Instant) -> usize {
        (0..times).filter(|_| bucket.take(Quota::per_second(10), now).is_ok()).count()
    }

    #[test]
    fn r001_21_a_quota_comes_back_in_its_time() {
        let begin = Instant::now();
        let mut bucket = Bucket::full(begin);
        assert_eq!(taken(&mut bucket, 100, begin), 10);
        assert_eq!(taken(&mut bucket, 100, begin + Duration::from_millis(500)), 5);
    }

    #[test]
    fn what_is_not_taken_is_not_saved_up() {
        let begin = Instant::now();
        let mut bucket = Bucket::full(begin);
        assert_eq!(taken(&mut bucket, 100, begin + Duration::from_secs(60)), 10);
    }

    #[test]
    fn what_is_taken_elsewhere_is_taken_off_and_owed_up_to_one_quota() {
        let begin = Instant::now();
        let (mut bucket, quota) = (Bucket::full(begin), Quota::per_second(10));
        bucket.owe(quota, 4, begin);
        assert_eq!(taken(&mut bucket, 100, begin), 6);
        bucket.owe(quota, 1000, begin);
        let after = [1000, 1500].map(|ms| taken(&mut bucket, 100, begin + Duration::from_millis(ms)));
        assert_eq!(after, [0, 5]);
    }

    #[test]
    fn no_limit_is_none() {
        let begin = Instant::now();
        let mut bucket = Bucket::full(begin);
        assert!((0..1000).all(|_| bucket.take(Quota::per_second(0), begin).is_ok()));
    }

    #[test]
    fn who_is_limited_is_told_how_long_to_wait() {
        let (begin, quota) = (Instant::now(), Quota::per_minute(4));
        let mut bucket = Bucket::full(begin);
        let wait =
            (0..5).filter_map(|_| bucket.take(quota, begin).err()).next().map(|limited| limited.seconds());
        assert_eq!(wait, Some(15));
        assert!(bucket.take(quota, begin + Duration::from_secs(15)).is_ok());
    }
}

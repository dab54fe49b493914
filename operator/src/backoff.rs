//! How long to wait after failures, and that cluster by cluster.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::fleet::ClusterKey;

/// The wait after a first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(120);
/// Clusters whose failures are counted; beyond it all start from the first wait again.
const COUNTED: usize = 10_000;

/// How long to wait after so many failures: twice as long each time, with up to a quarter of jitter.
pub(crate) fn growing(first: Duration, longest: Duration, failures: u32) -> Duration {
    let wait = first.saturating_mul(2_u32.saturating_pow(failures)).min(longest);
    wait.mul_f64(1.0 + rand::random::<f64>() / 4.0)
}

/// Failures in a row of each cluster.
#[derive(Debug, Default)]
pub(crate) struct Backoff(Mutex<HashMap<ClusterKey, u32>>);

impl Backoff {
    /// Notes a success.
    pub(crate) fn succeeded(&self, key: &ClusterKey) {
        self.lock().remove(key);
    }

    /// Notes a failure; how long to wait.
    pub(crate) fn failed(&self, key: &ClusterKey) -> Duration {
        let mut failures = self.lock();
        if failures.len() >= COUNTED && !failures.contains_key(key) {
            failures.clear();
        }
        let count = failures.entry(key.clone()).or_default();
        let wait = growing(FIRST, LONGEST, *count);
        *count = count.saturating_add(1);
        wait
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClusterKey, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ClusterKey {
        ClusterKey { namespace: "ns".to_owned(), name: "a".to_owned() }
    }

    #[test]
    fn the_wait_grows_and_has_an_end() {
        let backoff = Backoff::default();
        let waits: Vec<_> = (0..40).map(|_| backoff.failed(&key())).collect();
        assert!(waits.windows(2).take(6).all(|pair| pair[1] > pair[0]));
        assert!(waits.iter().all(|wait| *wait <= LONGEST.mul_f64(1.25)));
    }

    #[test]
    fn a_success_starts_anew() {
        let backoff = Backoff::default();
        let _ = [(); 5].map(|()| backoff.failed(&key()));
        backoff.succeeded(&key());
        assert!(backoff.failed(&key()) < FIRST * 2);
    }
}

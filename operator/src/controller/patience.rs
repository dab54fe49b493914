//! How long a watch waits after a failure.
//!
//! A watch that begins anew says so before it asks for anything, which is a success to the backoff that
//! comes with it: where every list is refused, that would try about once a second for ever. Here only time
//! counts. A watch that went on for a while after its last wait was well, and its next failure is a first
//! one again; any other waits twice as long as the one before.

use std::time::Duration;

use kube::runtime::utils::Backoff;
use tokio::time::Instant;

use crate::backoff::growing;

/// The wait after a first failure.
const FIRST: Duration = Duration::from_millis(800);

/// The longest wait: how late what happens is seen after a long outage of the API server.
const LONGEST: Duration = Duration::from_secs(30);

/// How long a watch must go on to have been well.
const WELL: Duration = Duration::from_secs(30);

/// Failures of one watch.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
    resumed: Option<Instant>,
}

impl Iterator for Patience {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let now = Instant::now();
        if self.resumed.is_some_and(|resumed| now.saturating_duration_since(resumed) >= WELL) {
            self.failures = 0;
        }
        let wait = growing(FIRST, LONGEST, self.failures);
        self.failures = self.failures.saturating_add(1);
        self.resumed = Some(now + wait);
        Some(wait)
    }
}

impl Backoff for Patience {
    /// An event is no sign of health.
    fn reset(&mut self) {}
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};
    use kube::runtime::WatchStreamExt as _;
    use kube::runtime::watcher::{self, Event};

    use super::*;

    /// How often a watch fails within ten minutes that works for so long each time.
    async fn failures(works_for: Duration) -> usize {
        let tries = stream::repeat_with(move || {
            let fails = async move {
                tokio::time::sleep(works_for).await;
                Err::<Event<()>, _>(watcher::Error::NoResourceVersion)
            };
            stream::iter([Ok(Event::Init)]).chain(stream::once(fails))
        });
        let watch = tries.flatten().backoff(Patience::default());
        let end = tokio::time::sleep(Duration::from_secs(600));
        watch.take_until(end).filter(|event| std::future::ready(event.is_err())).count().await
    }

    #[tokio::test(start_paused = true)]
    async fn f15_a_watch_that_is_refused_everything_tries_less_and_less() {
        let failures = failures(Duration::ZERO).await;
        assert!((15..=26).contains(&failures), "{failures}");
    }

    #[tokio::test(start_paused = true)]
    async fn f15_a_watch_that_went_on_for_a_while_is_back_at_once() {
        let failures = failures(WELL).await;
        assert!(failures >= 19, "{failures}");
    }

    #[test]
    fn f15_the_wait_grows_and_has_an_end() {
        let waits: Vec<_> = Patience::default().take(40).collect();
        assert!(waits.windows(2).take(5).all(|pair| pair[1] > pair[0]), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= LONGEST.mul_f64(1.25)), "{waits:?}");
    }
}

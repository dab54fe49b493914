//! How often connections that move are worth a visit: it asks the API server a dozen things.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::registry::{ClusterKey, lock};

/// Shortest time between two visits of a cluster for its figures alone: the status takes none within 30 s.
const EVERY: Duration = Duration::from_secs(31);
/// The same where relays are added by them.
const SCALING: Duration = Duration::from_secs(15);
/// The share of such visits that each cluster adds to the time between its own, so that those of many
/// clusters leave room for what people ask for.
const SHARE: Duration = Duration::from_millis(50);

/// When the controller heard of each cluster last.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<HashMap<ClusterKey, Instant>>);

impl Pace {
    /// Notes that the controller hears of a cluster now.
    pub(super) fn told(&self, cluster: &ClusterKey) {
        lock(&self.0).insert(cluster.clone(), Instant::now());
    }

    /// Whether it may hear of figures again; soon, if it `scales` by them.
    pub(super) fn is_due(&self, cluster: &ClusterKey, scales: bool) -> bool {
        let told = lock(&self.0);
        let clusters = u32::try_from(told.len()).unwrap_or(u32::MAX);
        let every = if scales { SCALING } else { EVERY };
        told.get(cluster).is_none_or(|at| at.elapsed() >= every.max(SHARE.saturating_mul(clusters)))
    }

    /// Forgets clusters that are no more.
    pub(super) fn retain(&self, exists: impl Fn(&ClusterKey) -> bool) {
        lock(&self.0).retain(|cluster, _| exists(cluster));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(number: usize) -> ClusterKey {
        ClusterKey { namespace: "ns".to_owned(), name: number.to_string() }
    }

    /// After how many seconds figures of a cluster are due again, beside so many others.
    async fn due(others: usize, scales: bool) -> u64 {
        let (pace, began) = (Pace::default(), Instant::now());
        (0..=others).for_each(|number| pace.told(&cluster(number)));
        while !pace.is_due(&cluster(0), scales) {
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        began.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn f16_figures_are_told_when_the_status_may_take_them() {
        assert_eq!(due(0, false).await, 31);
    }

    #[tokio::test(start_paused = true)]
    async fn f07_an_autoscaler_hears_of_figures_sooner() {
        assert_eq!(due(0, true).await, 15);
    }

    #[tokio::test(start_paused = true)]
    async fn f16_the_figures_of_many_clusters_take_a_bounded_part_of_the_operator() {
        assert_eq!((due(999, false).await, due(999, true).await), (50, 50));
    }
}

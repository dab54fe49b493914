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
/// Time between two such visits of any clusters. Connections of all may begin to move in one moment, and
/// what people ask for must not wait behind the visits of all.
const SHARE: Duration = Duration::from_millis(50);

/// When the controller heard of each cluster last, and the line of those whose connections moved since.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    clusters: HashMap<ClusterKey, Cluster>,
    /// The turn after the last one that was given.
    free: Option<Instant>,
}

#[derive(Debug, Default)]
struct Cluster {
    told: Option<Instant>,
    /// From when on its figures may be told.
    turn: Option<Instant>,
}

impl Pace {
    /// Notes that the controller hears of a cluster now.
    pub(super) fn told(&self, cluster: &ClusterKey) {
        let told = Cluster { told: Some(Instant::now()), turn: None };
        lock(&self.0).clusters.insert(cluster.clone(), told);
    }

    /// Whether it may hear of figures again; soon, if it `scales` by them. If not, the cluster stands in line
    /// from now on.
    pub(super) fn is_due(&self, cluster: &ClusterKey, scales: bool) -> bool {
        let State { clusters, free } = &mut *lock(&self.0);
        let now = Instant::now();
        let every = if scales { SCALING } else { EVERY };
        let cluster = clusters.entry(cluster.clone()).or_default();
        if cluster.told.is_some_and(|told| now < told + every) {
            return false;
        }
        let turn = *cluster.turn.get_or_insert_with(|| {
            let turn = free.map_or(now, |free| free.max(now));
            *free = Some(turn + SHARE);
            turn
        });
        now >= turn
    }

    /// Forgets clusters that are no more.
    pub(super) fn retain(&self, exists: impl Fn(&ClusterKey) -> bool) {
        lock(&self.0).clusters.retain(|cluster, _| exists(cluster));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(number: usize) -> ClusterKey {
        ClusterKey { namespace: "ns".to_owned(), name: number.to_string() }
    }

    /// After how many seconds figures of a lone cluster are due again.
    async fn due(scales: bool) -> u64 {
        let (pace, began) = (Pace::default(), Instant::now());
        pace.told(&cluster(0));
        while !pace.is_due(&cluster(0), scales) {
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        began.elapsed().as_secs()
    }

    /// How many of 1,000 clusters, whose connections all move without end, are told in each second.
    async fn told(seconds: usize) -> Vec<Vec<usize>> {
        let pace = Pace::default();
        let mut told = Vec::new();
        for _ in 0..seconds {
            let due: Vec<_> = (0..1_000).filter(|number| pace.is_due(&cluster(*number), false)).collect();
            due.iter().for_each(|number| pace.told(&cluster(*number)));
            told.push(due);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        told
    }

    #[tokio::test(start_paused = true)]
    async fn f16_figures_are_told_when_the_status_may_take_them() {
        assert_eq!(due(false).await, 31);
    }

    #[tokio::test(start_paused = true)]
    async fn f07_an_autoscaler_hears_of_figures_sooner() {
        assert_eq!(due(true).await, 15);
    }

    #[tokio::test(start_paused = true)]
    async fn f16_connections_of_all_clusters_that_move_at_once_cause_20_visits_a_second() {
        let most = told(200).await.iter().map(Vec::len).max();
        assert_eq!(most, Some(20));
    }

    #[tokio::test(start_paused = true)]
    async fn f16_figures_of_each_of_1_000_clusters_are_told_every_50_s() {
        let told = told(200).await;
        let mut times: Vec<Vec<usize>> = vec![Vec::new(); 1_000];
        told.iter().enumerate().for_each(|(second, due)| due.iter().for_each(|it| times[*it].push(second)));
        let longest = times.iter().flat_map(|times| times.windows(2).map(|two| two[1] - two[0])).max();
        assert!(longest <= Some(52), "{longest:?} s without a word");
    }
}

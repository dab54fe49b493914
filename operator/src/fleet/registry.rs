//! Whom to ask, and what they said last.
//!
//! Two small maps behind one lock each, held for a look-up and never across a wait. Both are
//! bounded by what exists in the cluster: a target goes with its RelayCluster, a reading with its
//! pod.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::channel::mpsc;
use relay_contract::admin::{BusState, Config, DrainRequest, Status};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::figures::round;
use super::pace::Pace;
use super::settings::Settings;
use super::signals::{Raised, Watch};
use crate::api::Signal;
use crate::reconcile::secret_value::SecretValue;

/// Changes that may wait for the controller to look at them.
const WAITING_CHANGES: usize = 1024;

/// Where a RelayCluster is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterKey {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// How to ask the relays of one cluster.
#[derive(Clone, Debug)]
pub struct Target {
    /// Identity of the cluster.
    pub uid: String,
    /// Bearer token of its relays' admin API.
    pub token: SecretValue,
    /// What they are to run; nothing is told before it is known.
    pub settings: Option<Settings>,
    /// That they are to let go of their connections, if they are.
    pub drain: Option<DrainRequest>,
    /// Whether there are more or fewer of them by their connections.
    pub scales: bool,
}

/// Clusters whose relays said something new.
pub type Changes = mpsc::Receiver<ClusterKey>;

/// What is known of all relays. A clone knows the same.
#[derive(Clone, Debug)]
pub struct Fleet(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    targets: Mutex<HashMap<ClusterKey, Target>>,
    readings: Mutex<HashMap<String, Reading>>,
    changes: Mutex<mpsc::Sender<ClusterKey>>,
    pace: Pace,
    fresh_for: Duration,
    /// Relays whose first answer a visit waits for: it needs no second visit.
    awaited: Mutex<HashSet<String>>,
    /// Somebody waits for relays that were not asked yet.
    hurry: Notify,
    /// A relay answered, or did not.
    asked: Notify,
}

/// What a relay said, and when.
#[derive(Clone, Debug)]
struct Reading {
    cluster: ClusterKey,
    /// When it was asked what is known.
    asked: Option<Instant>,
    /// When it answered last, or was asked first.
    at: Instant,
    status: Option<Arc<Status>>,
    told: Told,
    /// Hash of settings that the relay refused, and the start of the process that did: it would again.
    refused: Option<(String, i64)>,
    /// What it shows that a person should look at.
    signals: Watch,
}

/// What the controller was told about a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// Nothing, or that its last answer is too old.
    Nothing,
    /// That it has not answered for long.
    Silence,
    /// What it said.
    Answer(Digest),
}

/// The part of an answer that a status shows; a reconcile is worth it only when this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    bus: BusState,
    accepting: bool,
    draining: bool,
    config: Config,
    connections: u64,
    signals: Vec<Raised>,
}

impl Digest {
    fn of(status: &Status, signals: Vec<Raised>) -> Self {
        Self {
            bus: status.bus.state,
            accepting: status.accepting,
            draining: status.draining.is_some(),
            config: status.config.clone(),
            connections: round(status.connections.total),
            signals,
        }
    }
}

impl Fleet {
    /// An empty one, whose answers are good for `fresh_for`, and the stream of its changes.
    #[must_use]
    pub fn new(fresh_for: Duration) -> (Self, Changes) {
        let (sender, receiver) = mpsc::channel(WAITING_CHANGES);
        let inner = Inner {
            targets: Mutex::default(),
            readings: Mutex::default(),
            changes: Mutex::new(sender),
            pace: Pace::default(),
            fresh_for,
            awaited: Mutex::default(),
            hurry: Notify::new(),
            asked: Notify::new(),
        };
        (Self(Arc::new(inner)), receiver)
    }

    /// Has the relays of a cluster asked from now on. Tells whether they were not asked before.
    pub fn watch(&self, cluster: ClusterKey, mut target: Target) -> bool {
        let mut targets = lock(&self.0.targets);
        let before = targets.get(&cluster);
        let same = before.filter(|before| before.uid == target.uid);
        target.settings = target.settings.or_else(|| same.and_then(|before| before.settings.clone()));
        target.drain = target.drain.or_else(|| same.and_then(|before| before.drain.clone()));
        targets.insert(cluster, target).is_none()
    }

    /// Sets what the relays of a cluster are to run; those that run something else are told at once.
    pub fn set(&self, cluster: &ClusterKey, settings: Option<Settings>) {
        let mut targets = lock(&self.0.targets);
        let Some(target) = targets.get_mut(cluster) else { return };
        if target.settings != settings {
            target.settings = settings;
            self.hurry();
        }
    }

    /// Has all relays of a cluster drain, from now until it is gone.
    pub fn drain(&self, cluster: &ClusterKey, request: DrainRequest) {
        if let Some(target) = lock(&self.0.targets).get_mut(cluster) {
            target.drain = Some(request);
            self.hurry();
        }
    }

    /// The drain that a relay is to be asked for that said this about itself: none while it drains.
    pub(super) fn order(&self, cluster: &ClusterKey, status: &Status) -> Option<DrainRequest> {
        let order = lock(&self.0.targets).get(cluster)?.drain.clone()?;
        status.draining.is_none().then_some(order)
    }

    /// What a relay is to be told that said this about itself: nothing when it runs it, or has
    /// refused it.
    pub(super) fn news(&self, cluster: &ClusterKey, pod_uid: &str, status: &Status) -> Option<Settings> {
        let settings = lock(&self.0.targets).get(cluster)?.settings.clone()?;
        let readings = lock(&self.0.readings);
        let refused = readings.get(pod_uid).and_then(|reading| reading.refused.as_ref());
        let again = refused.is_some_and(|(hash, by)| hash == settings.hash() && *by == status.started_at);
        (status.config.hash != settings.hash() && !again).then_some(settings)
    }

    /// Notes that a relay refused what it was told.
    pub(super) fn refused(&self, cluster: &ClusterKey, pod_uid: &str, settings: &Settings, by: &Status) {
        let mut readings = lock(&self.0.readings);
        let reading = readings.entry(pod_uid.to_owned()).or_insert_with(|| Reading::unknown(cluster.clone()));
        reading.refused = Some((settings.hash().to_owned(), by.started_at));
    }

    /// Whether a relay should not wait for the next round: it was never asked, or there are news for it.
    pub(super) fn is_urgent(&self, cluster: &ClusterKey, pod_uid: &str) -> bool {
        let status = self.status(pod_uid);
        let has_news = |told: Arc<Status>| {
            self.news(cluster, pod_uid, &told).is_some() || self.order(cluster, &told).is_some()
        };
        !self.was_asked(pod_uid) || status.is_some_and(has_news)
    }

    /// Whether the relay in this pod was ever asked. Unknown is what was asked and not answered.
    #[must_use]
    pub fn was_asked(&self, pod_uid: &str) -> bool {
        lock(&self.0.readings).contains_key(pod_uid)
    }

    /// Has relays that were not asked yet, or have something to be told, asked now, and not at the next
    /// round.
    pub fn hurry(&self) {
        self.0.hurry.notify_one();
    }

    /// Waits until the relays in all of these pods were asked, at most `limit`.
    pub async fn all_asked(&self, pod_uids: &[&str], limit: Duration) {
        lock(&self.0.awaited).extend(pod_uids.iter().map(ToString::to_string));
        let all = async {
            loop {
                let asked = self.0.asked.notified();
                if pod_uids.iter().all(|uid| self.was_asked(uid)) {
                    return;
                }
                asked.await;
            }
        };
        // What was not asked by then is unknown, and said to be.
        let _ = tokio::time::timeout(limit, all).await;
        lock(&self.0.awaited).retain(|uid| !pod_uids.contains(&uid.as_str()));
    }

    /// Waits until somebody is in a hurry.
    pub(super) async fn hurried(&self) {
        self.0.hurry.notified().await;
    }

    /// Has them asked no more.
    pub fn forget(&self, cluster: &ClusterKey) {
        lock(&self.0.targets).remove(cluster);
    }

    /// All clusters whose relays are asked.
    #[must_use]
    pub fn targets(&self) -> HashMap<ClusterKey, Target> {
        lock(&self.0.targets).clone()
    }

    /// What the relay in this pod said, if it said it not long ago.
    #[must_use]
    pub fn status(&self, pod_uid: &str) -> Option<Arc<Status>> {
        let readings = lock(&self.0.readings);
        let reading = readings.get(pod_uid).filter(|reading| reading.at.elapsed() <= self.0.fresh_for)?;
        reading.status.clone()
    }

    /// How long ago that relay of each cluster answered, or was asked first, whose answer is the
    /// oldest.
    pub(crate) fn ages(&self) -> HashMap<ClusterKey, Duration> {
        let mut ages: HashMap<ClusterKey, Duration> = HashMap::new();
        for reading in lock(&self.0.readings).values() {
            let age = reading.at.elapsed();
            let oldest = ages.entry(reading.cluster.clone()).or_default();
            *oldest = age.max(*oldest);
        }
        ages
    }

    /// What the relay in this pod shows that a person should look at.
    #[must_use]
    pub fn signals(&self, pod_uid: &str) -> Vec<Raised> {
        lock(&self.0.readings).get(pod_uid).map(Reading::raised).unwrap_or_default()
    }

    /// Notes the answer to a question of the moment `asked`, or that there is none; `false` when the cluster should be told of a change
    /// and the queue is full. What could not be told is told after the next answer.
    pub(crate) fn note(
        &self,
        asked: Instant,
        cluster: &ClusterKey,
        pod_uid: &str,
        answer: Option<Status>,
    ) -> bool {
        let told = self.keep(asked, cluster, pod_uid, answer);
        self.0.asked.notify_waiters();
        told
    }

    fn keep(&self, asked: Instant, cluster: &ClusterKey, pod_uid: &str, answer: Option<Status>) -> bool {
        let mut readings = lock(&self.0.readings);
        let entry = readings.entry(pod_uid.to_owned()).or_insert_with(|| Reading::unknown(cluster.clone()));
        // An urgent question may have overtaken this one: what that found is younger.
        if entry.asked.is_some_and(|last| last > asked) {
            return true;
        }
        entry.asked = Some(asked);
        if let Some(status) = answer {
            entry.at = Instant::now();
            entry.signals.take(entry.at, &status);
            entry.status = Some(Arc::new(status));
        }
        if entry.at.elapsed() > self.0.fresh_for {
            entry.status = None;
        }
        let news = entry.news();
        if news == entry.told || (entry.only_moves(&news) && !self.figures_are_due(cluster)) {
            return true;
        }
        let awaited = lock(&self.0.awaited).remove(pod_uid);
        if awaited {
            entry.told = news;
        } else if self.announce(cluster) {
            // The visit sees what all of them said.
            let others = readings.values_mut().filter(|reading| reading.cluster == *cluster);
            others.for_each(|reading| reading.told = reading.news());
        } else {
            return false;
        }
        self.0.pace.told(cluster);
        true
    }

    fn figures_are_due(&self, cluster: &ClusterKey) -> bool {
        let scales = lock(&self.0.targets).get(cluster).is_some_and(|target| target.scales);
        self.0.pace.is_due(cluster, scales)
    }

    /// Has the controller look at a cluster; `false` when the queue is full.
    pub(super) fn announce(&self, cluster: &ClusterKey) -> bool {
        lock(&self.0.changes).try_send(cluster.clone()).is_ok()
    }

    /// Forgets what pods said that are no more, and clusters that nobody asks about.
    pub(super) fn retain(&self, exists: impl Fn(&str) -> bool) {
        let targets = self.targets();
        self.0.pace.retain(|cluster| targets.contains_key(cluster));
        lock(&self.0.readings).retain(|uid, _| exists(uid));
    }
}

impl Reading {
    fn unknown(cluster: ClusterKey) -> Self {
        Self {
            cluster,
            asked: None,
            at: Instant::now(),
            status: None,
            told: Told::Nothing,
            refused: None,
            signals: Watch::default(),
        }
    }
}

impl Reading {
    /// What the controller should know.
    fn news(&self) -> Told {
        match &self.status {
            Some(status) => Told::Answer(Digest::of(status, self.signals.raised())),
            None if self.is_silent() => Told::Silence,
            None => Told::Nothing,
        }
    }

    fn is_silent(&self) -> bool {
        self.at.elapsed() >= Duration::from_secs(Signal::Unresponsive.threshold())
    }

    /// What it shows that a person should look at, by what it said or by its silence.
    fn raised(&self) -> Vec<Raised> {
        let silence = Raised { signal: Signal::Unresponsive, figure: Signal::Unresponsive.threshold() };
        self.signals.raised().into_iter().chain(self.is_silent().then_some(silence)).collect()
    }

    /// Whether this differs from what was told in its connections alone.
    fn only_moves(&self, news: &Told) -> bool {
        let (Told::Answer(told), Told::Answer(digest)) = (&self.told, news) else { return false };
        *digest == Digest { connections: digest.connections, ..told.clone() }
    }
}

/// A lock whose holder panicked protects plain data that is still whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "news_tests.rs"]
mod news_tests;
#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;

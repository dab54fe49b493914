//! The task that asks.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::net::IpAddr;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::runtime::reflector::Store;
use tokio::time::Instant;

use super::ask::{self, Address, NoAnswer};
use super::registry::{ClusterKey, Fleet, Target};
use crate::metrics::Metrics;
use crate::reconcile::names::{CLUSTER, COMPONENT, RELAY};

/// Questions that are open at one time, of a round and of those that are urgent.
const AT_ONCE: usize = 256;
/// The part of the time between two rounds in which relays are asked.
const SPREAD: f64 = 0.8;

/// Asks all relays, round after round.
pub struct Engine {
    fleet: Fleet,
    pods: Store<Pod>,
    metrics: Metrics,
    client: reqwest::Client,
    port: u16,
    every: Duration,
}

/// One relay to ask.
struct Question {
    cluster: ClusterKey,
    target: Target,
    uid: String,
    address: IpAddr,
}

impl Engine {
    /// An engine that asks the relays among `pods` on `port`, each once in `every`.
    ///
    /// # Errors
    /// The platform has no HTTP client to give.
    pub fn new(
        fleet: Fleet,
        pods: Store<Pod>,
        metrics: Metrics,
        port: u16,
        every: Duration,
    ) -> reqwest::Result<Self> {
        Ok(Self { fleet, pods, metrics, client: ask::client()?, port, every })
    }

    /// Asks until it is dropped.
    pub async fn run(self) {
        tokio::join!(self.rounds(), self.urgent());
    }

    /// Asks every relay once in each round.
    async fn rounds(&self) {
        loop {
            let next = Instant::now() + self.every;
            let questions = self.questions();
            let uids: HashSet<_> = questions.iter().map(|question| question.uid.clone()).collect();
            self.fleet.retain(|uid| uids.contains(uid));
            self.round(questions).await;
            tokio::time::sleep_until(next).await;
        }
    }

    /// Asks these, evenly spread over most of the time until the next round. The order stays, so that the time
    /// between two questions to one relay does: with one answer missing the last one is still fresh.
    async fn round(&self, mut questions: Vec<Question>) {
        questions.sort_by_cached_key(|question| {
            BuildHasherDefault::<DefaultHasher>::default().hash_one(&question.uid)
        });
        let pause = self.every.mul_f64(SPREAD).checked_div(count(&questions)).unwrap_or_default();
        let begin = Instant::now();
        let moments = std::iter::successors(Some(begin), |moment| Some(*moment + pause));
        let due = stream::iter(questions.into_iter().zip(moments)).then(|(question, moment)| async move {
            tokio::time::sleep_until(moment).await;
            question
        });
        due.for_each_concurrent(AT_ONCE, |question| self.ask(question)).await;
    }

    /// Asks relays when somebody waits for it: those that were never asked, and those that have something
    /// to be told.
    async fn urgent(&self) {
        loop {
            self.fleet.hurried().await;
            let mut urgent = self.questions();
            urgent.retain(|question| self.fleet.is_urgent(&question.cluster, &question.uid));
            stream::iter(urgent).for_each_concurrent(AT_ONCE, |question| self.ask(question)).await;
        }
    }

    async fn ask(&self, question: Question) {
        let Question { cluster, target, uid, address } = question;
        let asked = Instant::now();
        let relay =
            Address { client: &self.client, address: (address, self.port).into(), token: &target.token };
        let answer = relay.status().await;
        self.metrics.probed(&word(&answer));
        let mut status = answer.ok();
        if let Some(before) = &status
            && let Some(settings) = self.fleet.news(&cluster, &uid, before)
        {
            let told = relay.tell(&settings).await;
            self.metrics.settings_told(&word(&told));
            match told {
                Ok(after) => status = Some(after),
                Err(NoAnswer::Rejected) => {
                    self.fleet.refused(&cluster, &uid, &settings, before);
                    status = relay.status().await.ok();
                }
                Err(_) => {}
            }
        }
        if let Some(before) = &status
            && let Some(order) = self.fleet.order(&cluster, before)
            && let Ok(after) = relay.drain(&order).await
        {
            status = Some(after);
        }
        if !self.fleet.note(asked, &cluster, &uid, status) {
            self.metrics.drop_of("fleet_changes");
        }
    }

    fn questions(&self) -> Vec<Question> {
        let targets = self.fleet.targets();
        let pods = self.pods.state();
        let relays =
            pods.iter().filter(|pod| pod.labels().get(COMPONENT).is_some_and(|label| label == RELAY));
        relays.filter_map(|pod| question(pod, &targets)).collect()
    }
}

fn count(questions: &[Question]) -> u32 {
    u32::try_from(questions.len()).unwrap_or(u32::MAX)
}

/// The label of an answer in metrics.
fn word<T>(answer: &Result<T, NoAnswer>) -> String {
    answer.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned())
}

/// How to ask the relay in a pod; `None` while it does not run, or belongs to no known cluster.
/// Only a pod that a ReplicaSet controls is asked, so that a pod with copied labels is not handed
/// the token by a mere label.
fn question(pod: &Pod, targets: &HashMap<ClusterKey, Target>) -> Option<Question> {
    let cluster = ClusterKey { namespace: pod.namespace()?, name: pod.labels().get(CLUSTER)?.clone() };
    let target = targets.get(&cluster)?.clone();
    let owned = pod
        .owner_references()
        .iter()
        .any(|owner| owner.controller == Some(true) && owner.kind == "ReplicaSet");
    let status = pod.status.as_ref().filter(|status| status.phase.as_deref() == Some("Running"))?;
    let address = status.pod_ip.as_ref()?.parse().ok()?;
    owned.then(|| Question { cluster, target, uid: pod.uid().unwrap_or_default(), address })
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;

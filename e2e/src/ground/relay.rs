//! RelayClusters of a test.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Api, Patch};
use relay_operator::api::{RelayCluster, RelayClusterStatus};
use serde_json::Value;

use super::{Ground, eventually};

impl Ground {
    /// RelayClusters of the namespace.
    pub fn relays(&self) -> Api<RelayCluster> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Applies a RelayCluster with this spec, as `kubectl apply --server-side` does.
    ///
    /// # Errors
    /// If the API server refuses it: a [`kube::Error::Api`] with its words.
    pub async fn apply_relay(&self, name: &str, spec: &Value) -> Result<RelayCluster, kube::Error> {
        self.relays().patch(name, &Self::apply(), &Patch::Apply(self.manifest(name, spec))).await
    }

    /// Applies a RelayCluster and waits until it is Ready; returns how long that took.
    ///
    /// # Errors
    /// If it is refused, or not Ready within a minute.
    pub async fn ready_relay(&self, name: &str, spec: &Value) -> Result<Duration> {
        self.apply_relay(name, spec).await?;
        self.wait_for(name, "Ready", "True", 60).await
    }

    /// Waits until `condition` has `status` for the newest generation; returns how long that took.
    ///
    /// # Errors
    /// If it has not within `seconds`; the text has the last status.
    pub async fn wait_for(&self, name: &str, kind: &str, status: &str, seconds: u64) -> Result<Duration> {
        let what = format!("{name} has {kind}={status}");
        let waited = eventually(&what, seconds, || async {
            let relay = self.relays().get(name).await?;
            let current = relay.metadata.generation == relay.status.as_ref().map(|it| it.observed_generation);
            let found = condition(&relay, kind).filter(|it| it.status == status);
            Ok((current && found.is_some()).then_some(()))
        })
        .await;
        match waited {
            Ok(((), elapsed)) => Ok(elapsed),
            Err(error) => Err(error.context(self.last_words(name).await)),
        }
    }

    /// The status of a RelayCluster.
    ///
    /// # Errors
    /// If there is none.
    pub async fn status(&self, name: &str) -> Result<RelayClusterStatus> {
        self.relays().get(name).await?.status.context("no status")
    }

    async fn last_words(&self, name: &str) -> String {
        match self.status(name).await {
            Ok(status) => {
                let conditions = status.conditions.iter();
                let lines = conditions
                    .map(|it| format!("  {}={} {}: {}", it.type_, it.status, it.reason, it.message));
                format!("{}\n{}", status.summary, lines.collect::<Vec<_>>().join("\n"))
            }
            Err(error) => format!("{error:#}"),
        }
    }
}

/// The condition of this type, if the RelayCluster has it.
pub fn condition<'a>(relay: &'a RelayCluster, kind: &str) -> Option<&'a Condition> {
    relay.status.as_ref()?.conditions.iter().find(|it| it.type_ == kind)
}

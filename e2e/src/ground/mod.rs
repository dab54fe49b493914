//! A namespace of its own for one test, and what a test does in it.
//!
//! Every wait is for a condition, bounded, and says in its error what it waited for and what it
//! saw last.

mod objects;
mod reach;
mod relay;
mod servers;
mod wait;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

pub use reach::Reach;
pub use relay::condition;
pub use wait::{eventually, holds};

/// Name under which tests write.
pub const TEST_MANAGER: &str = "e2e";

/// A namespace, under the `restricted` Pod Security level.
pub struct Ground {
    /// Client of the cluster's API server.
    pub client: Client,
    /// Name of the namespace.
    pub namespace: String,
}

impl Ground {
    /// Makes the namespace `e2e-<name>`, afresh.
    ///
    /// # Errors
    /// If there is no cluster to attach to, or it does not do as asked.
    pub async fn new(name: &str) -> Result<Self> {
        Self::at(&format!("e2e-{name}")).await
    }

    /// Makes this namespace, afresh.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub async fn at(namespace: &str) -> Result<Self> {
        let client = Client::try_default().await.context("run this through `e2e run -- …`")?;
        let ground = Self { client, namespace: namespace.to_owned() };
        ground.remove().await?;
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": ground.namespace,
                "labels": { "pod-security.kubernetes.io/enforce": "restricted" },
            },
        });
        let namespaces = Api::<Namespace>::all(ground.client.clone());
        namespaces.patch(&ground.namespace, &Self::apply(), &Patch::Apply(namespace)).await?;
        Ok(ground)
    }

    /// Removes the namespace with all that is in it, and waits until it is gone.
    ///
    /// Its RelayClusters go first: Kubernetes looks at a namespace with pods again only after half
    /// of their termination grace period, however fast they end.
    ///
    /// # Errors
    /// If it is not gone within a minute and a half.
    pub async fn remove(&self) -> Result<()> {
        self.relays().delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
        let no_pods = || async {
            let pods = self.api::<Pod>().list(&ListParams::default()).await?;
            Ok(pods.items.is_empty().then_some(()))
        };
        eventually("the pods are gone", 60, no_pods).await?;
        self.remove_at_once(30).await
    }

    /// Removes the namespace as `kubectl delete namespace` does, and waits until it is gone.
    ///
    /// # Errors
    /// If it is not gone within `seconds`.
    pub async fn remove_at_once(&self, seconds: u64) -> Result<()> {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        if namespaces.get_opt(&self.namespace).await?.is_none() {
            return Ok(());
        }
        namespaces.delete(&self.namespace, &DeleteParams::default()).await?;
        let gone = || async { Ok(namespaces.get_opt(&self.namespace).await?.is_none().then_some(())) };
        eventually("the namespace is gone", seconds, gone).await.map(drop)
    }

    fn apply() -> PatchParams {
        PatchParams::apply(TEST_MANAGER).force()
    }

    fn manifest(&self, name: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
            "metadata": { "name": name, "namespace": self.namespace }, "spec": spec,
        })
    }
}

//! Objects beside the RelayCluster: its pods, its children, its secrets.

use anyhow::{Context, Result};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::Resource;
use kube::api::{Api, DeleteParams, ListParams};
use serde::de::DeserializeOwned;

use super::Ground;

impl Ground {
    /// Objects of one kind in the namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Relay pods of a RelayCluster, also those that are about to end.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub async fn relay_pods(&self, name: &str) -> Result<Vec<Pod>> {
        let selector = format!("app.kubernetes.io/instance={name},app.kubernetes.io/component=relay");
        let pods = self.api::<Pod>().list(&ListParams::default().labels(&selector)).await?;
        Ok(pods.items)
    }

    /// Names of the relay pods that are ready and not about to end.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub async fn ready_pods(&self, name: &str) -> Result<Vec<String>> {
        let pods = self.relay_pods(name).await?;
        Ok(pods.into_iter().filter(is_ready).filter_map(|pod| pod.metadata.name).collect())
    }

    /// One entry of a Secret.
    ///
    /// # Errors
    /// If the Secret or the entry is missing.
    pub async fn secret(&self, name: &str, key: &str) -> Result<String> {
        let secret = self.api::<Secret>().get(name).await?;
        let value =
            secret.data.unwrap_or_default().remove(key).with_context(|| format!("no {key} in {name}"))?;
        Ok(String::from_utf8(value.0)?)
    }

    /// Deletes an object the way `kubectl delete --now` does.
    ///
    /// # Errors
    /// If it is not there.
    pub async fn delete<K>(&self, name: &str) -> Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        self.api::<K>().delete(name, &DeleteParams::default().grace_period(1)).await?;
        Ok(())
    }
}

fn is_ready(pod: &Pod) -> bool {
    let lives = pod.metadata.deletion_timestamp.is_none();
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    lives && conditions.is_some_and(|all| all.iter().any(|it| it.type_ == "Ready" && it.status == "True"))
}

//! What goes with a RelayCluster.

use anyhow::Result;
use e2e::ground::{Ground, eventually};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DeleteParams, ListParams};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

async fn names<K>(ground: &Ground) -> Result<Vec<String>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    let labelled = ListParams::default().labels("app.kubernetes.io/instance=hello");
    let all = ground.api::<K>().list(&labelled).await?;
    Ok(all.items.iter().map(|it| format!("{} {}", K::kind(&()), it.name_any())).collect())
}

async fn children(ground: &Ground) -> Result<Vec<String>> {
    let mut all = names::<Deployment>(ground).await?;
    all.extend(names::<StatefulSet>(ground).await?);
    all.extend(names::<Service>(ground).await?);
    all.extend(names::<ConfigMap>(ground).await?);
    all.extend(names::<Secret>(ground).await?);
    all.extend(names::<ServiceAccount>(ground).await?);
    all.extend(names::<PodDisruptionBudget>(ground).await?);
    all.extend(names::<Pod>(ground).await?);
    Ok(all)
}

#[tokio::test]
async fn f14_deleting_a_relay_cluster_removes_every_child() -> Result<()> {
    let ground = Ground::new("deletion").await?;
    ground.ready_relay("hello", &json!({})).await?;
    let count = children(&ground).await?.len();
    anyhow::ensure!(count >= 12, "{:?}", children(&ground).await?);
    ground.relays().delete("hello", &DeleteParams::default()).await?;
    let gone = || async { Ok(children(&ground).await?.is_empty().then_some(())) };
    let ((), elapsed) = eventually("every child is gone", 90, gone).await?;
    println!("{count} objects gone after {:.1} s", elapsed.as_secs_f64());
    ground.remove().await
}

#[tokio::test]
async fn f14_deleting_the_namespace_does_not_hang() -> Result<()> {
    let ground = Ground::new("namespace").await?;
    ground.ready_relay("hello", &json!({ "drain": { "timeoutSeconds": 10 } })).await?;
    ground.remove_at_once(60).await
}

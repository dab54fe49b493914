//! How many relays may be taken away at one time.

use anyhow::{Result, ensure};
use e2e::ground::{Ground, eventually};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::EvictParams;
use serde_json::json;

/// Waits until Kubernetes would let one relay go.
async fn one_may_go(ground: &Ground) -> Result<()> {
    let allowed = || async {
        let budget = ground.api::<PodDisruptionBudget>().get("hello").await?;
        Ok(budget.status.is_some_and(|status| status.disruptions_allowed == 1).then_some(()))
    };
    eventually("one relay may go", 60, allowed).await.map(drop)
}

/// Has a pod evicted, as a node drain does: while that is refused, the client asks again.
async fn evict(ground: &Ground, pod: &str) -> Result<()> {
    ground.api::<Pod>().evict(pod, &EvictParams::default()).await?;
    Ok(())
}

#[tokio::test]
async fn f06_a_second_relay_is_not_evicted_before_the_first_is_replaced() -> Result<()> {
    let ground = Ground::new("budget").await?;
    ground.ready_relay("hello", &json!({})).await?;
    one_may_go(&ground).await?;
    let pods = ground.ready_pods("hello").await?;
    for pod in &pods {
        evict(&ground, pod).await?;
    }
    let ready = ground.ready_pods("hello").await?;
    ensure!(ready.iter().any(|pod| !pods.contains(pod)), "{ready:?} are left of {pods:?}");
    ground.remove().await
}

//! A HorizontalPodAutoscaler of Kubernetes scales a RelayCluster by the connections of its relays.

mod adapter;

use anyhow::{Result, ensure};
use e2e::clients::{Session, WsClient};
use e2e::cluster::{Cluster, Provider};
use e2e::ground::{Ground, TEST_MANAGER, eventually};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use adapter::{Adapter, METRIC};

/// The autoscaler looks every 15 s.
const SECONDS: u64 = 120;

/// Four connections of a relay are enough.
async fn autoscaler(ground: &Ground) -> Result<()> {
    let at_once = json!({ "stabilizationWindowSeconds": 0 });
    let autoscaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "hello" },
        "spec": {
            "scaleTargetRef": { "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster", "name": "hello" },
            "minReplicas": 1, "maxReplicas": 3,
            "metrics": [{ "type": "Pods", "pods": {
                "metric": { "name": METRIC }, "target": { "type": "AverageValue", "averageValue": "4" },
            } }],
            "behavior": { "scaleUp": at_once, "scaleDown": at_once },
        },
    });
    let autoscalers = ground.api::<HorizontalPodAutoscaler>();
    autoscalers.patch("hello", &PatchParams::apply(TEST_MANAGER), &Patch::Apply(autoscaler)).await?;
    Ok(())
}

/// What the autoscaler says of itself, for an error.
async fn words(ground: &Ground) -> String {
    match ground.api::<HorizontalPodAutoscaler>().get("hello").await {
        Ok(autoscaler) => format!("{:?}", autoscaler.status.and_then(|status| status.conditions)),
        Err(error) => error.to_string(),
    }
}

/// Waits until so many relays are wanted and serve.
async fn comes_to(ground: &Ground, replicas: i32) -> Result<()> {
    let ready = format!("{replicas}/{replicas}");
    let there = || async { Ok((ground.status("hello").await?.ready == ready).then_some(())) };
    match eventually(&format!("{ready} relays serve"), SECONDS, there).await {
        Ok(((), elapsed)) => println!("{ready} after {:.0} s", elapsed.as_secs_f64()),
        Err(error) => return Err(error.context(words(ground).await)),
    }
    Ok(())
}

async fn goes_up_and_down(ground: &Ground) -> Result<()> {
    autoscaler(ground).await?;
    let service = ground.service("hello").await?;
    let address = service.address();
    let crowd: Vec<_> =
        (0..8).map(|at| Session::start::<WsClient>(address.to_owned(), format!("user{at}"))).collect();
    comes_to(ground, 2).await?;
    drop(crowd);
    comes_to(ground, 1).await?;
    let relay = ground.relays().get("hello").await?;
    let writers: Vec<_> = relay.managed_fields().iter().filter_map(|it| it.manager.clone()).collect();
    ensure!(relay.spec.replicas == 1, "{}", relay.spec.replicas);
    let of_the_operator = relay.managed_fields().iter().find(|it| {
        it.manager.as_deref() == Some("relay-operator") && it.subresource.as_deref() != Some("status")
    });
    ensure!(of_the_operator.is_none(), "{writers:?}");
    Ok(())
}

#[tokio::test]
async fn f07_a_horizontal_pod_autoscaler_adds_and_removes_relays_by_their_connections() -> Result<()> {
    if Cluster::attach()?.provider() != Provider::Local {
        println!("skipped: the API server of this cluster does not reach this process");
        return Ok(());
    }
    let ground = Ground::new("hpa").await?;
    ground.ready_relay("hello", &json!({ "replicas": 1, "drain": { "timeoutSeconds": 10 } })).await?;
    let adapter = Adapter::start(&ground).await?;
    let outcome = goes_up_and_down(&ground).await;
    adapter.remove().await?;
    outcome?;
    ground.remove().await
}

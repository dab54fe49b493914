//! What stands around the relays, on a real cluster and with the operator's own rights.

use std::fmt::Debug;

use anyhow::{Result, ensure};
use e2e::definitions;
use e2e::ground::{Ground, eventually};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::api::DeleteParams;
use kube::{Resource, ResourceExt};
use relay_operator::reconcile::around::kinds::{HttpRoute, PodMonitor, PrometheusRule};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Waits for an object and deletes it: the operator sees that and makes it again, and not only at
/// its next look at everything.
async fn comes_back<K>(ground: &Ground, name: &str) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let (api, what) = (ground.api::<K>(), format!("{} {name}", K::kind(&())));
    let found = || async { Ok(api.get_opt(name).await?.and_then(|object| object.uid())) };
    let (first, _) = eventually(&format!("{what} is there"), 60, found).await?;
    api.delete(name, &DeleteParams::default()).await?;
    let again = || async { Ok(found().await?.filter(|uid| *uid != first)) };
    eventually(&format!("{what} is there again"), 60, again).await.map(drop)
}

async fn goes<K>(ground: &Ground, name: &str) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let gone = || async { Ok(ground.api::<K>().get_opt(name).await?.is_none().then_some(())) };
    eventually(&format!("{} {name} is gone", K::kind(&())), 30, gone).await.map(drop)
}

#[tokio::test]
async fn what_stands_around_the_relays_comes_back_when_deleted_and_goes_with_its_field() -> Result<()> {
    let ground = Ground::new("around").await?;
    definitions::install(&ground.client).await?;
    let spec = json!({
        "replicas": 0,
        "ingress": { "hosts": ["relay.example.com"] },
        "gateway": { "parentRefs": [{ "name": "public" }] },
        "monitoring": {},
    });
    ground.apply_relay("hello", &spec).await?;
    tokio::try_join!(
        comes_back::<Ingress>(&ground, "hello"),
        comes_back::<NetworkPolicy>(&ground, "hello"),
        comes_back::<HttpRoute>(&ground, "hello"),
        comes_back::<PodMonitor>(&ground, "hello"),
        comes_back::<PrometheusRule>(&ground, "hello"),
    )?;
    ground.apply_relay("hello", &json!({ "replicas": 0, "networkPolicy": { "enabled": false } })).await?;
    tokio::try_join!(
        goes::<Ingress>(&ground, "hello"),
        goes::<NetworkPolicy>(&ground, "hello"),
        goes::<NetworkPolicy>(&ground, "hello-redis"),
        goes::<HttpRoute>(&ground, "hello"),
        goes::<PodMonitor>(&ground, "hello"),
        goes::<PrometheusRule>(&ground, "hello"),
    )?;
    ground.remove().await
}

#[tokio::test]
async fn the_clients_port_says_that_it_upgrades_connections() -> Result<()> {
    let ground = Ground::new("app-protocol").await?;
    ground.apply_relay("hello", &json!({ "replicas": 0 })).await?;
    let services = ground.api::<k8s_openapi::api::core::v1::Service>();
    let made = || async { Ok(services.get_opt("hello").await?) };
    let (service, _) = eventually("the Service is there", 60, made).await?;
    let ports = service.spec.and_then(|spec| spec.ports).unwrap_or_default();
    let said: Vec<_> = ports.iter().filter_map(|port| port.app_protocol.as_deref()).collect();
    ensure!(said == ["kubernetes.io/ws"], "{said:?}");
    ground.remove().await
}

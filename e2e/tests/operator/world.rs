//! An API server with the RelayCluster definition, and one RelayCluster at a time.

use std::fmt::Debug;

use anyhow::Result;
use e2e::apiserver::ApiServer;
use e2e::ground::{TEST_MANAGER, eventually};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::{Client, CustomResourceExt, Resource};
use relay_operator::api::{RelayCluster, crd};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Where the RelayCluster is.
pub(crate) const NAMESPACE: &str = "relays";

/// An API server on which operators can run.
pub(crate) struct World {
    server: ApiServer,
    /// A client with all rights.
    pub(crate) client: Client,
}

impl World {
    /// Starts a server and installs the definition.
    pub(crate) async fn start() -> Result<Self> {
        let server = ApiServer::start().await?;
        let client = server.client().await?;
        let definitions = Api::<CustomResourceDefinition>::all(client.clone());
        let name = RelayCluster::crd_name();
        definitions.patch(name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(crd()?)).await?;
        let served = || async {
            let list = Api::<RelayCluster>::all(client.clone()).list(&Default::default()).await?;
            Ok(list.items.is_empty().then_some(()))
        };
        eventually("RelayClusters are served", 30, served).await?;
        Ok(Self { server, client })
    }

    /// How an operator connects.
    pub(crate) async fn config(&self) -> Result<kube::Config> {
        Ok(self.server.config().await?)
    }

    /// The server itself.
    pub(crate) fn server(&self) -> &ApiServer {
        &self.server
    }

    /// Makes the RelayCluster `hello`, and that nothing else is in its namespace.
    ///
    /// It is always the same namespace, because children tell its name to relays.
    pub(crate) async fn with_relay(&self, spec: &Value) -> Result<()> {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        let namespaces = Api::<Namespace>::all(self.client.clone());
        namespaces.patch(NAMESPACE, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(namespace)).await?;
        self.clear().await?;
        self.edit(spec).await
    }

    /// Makes this the spec of `hello`.
    pub(crate) async fn edit(&self, spec: &Value) -> Result<()> {
        let relay = json!({
            "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
            "metadata": { "name": "hello" }, "spec": spec,
        });
        let relays = Api::<RelayCluster>::namespaced(self.client.clone(), NAMESPACE);
        relays.patch("hello", &PatchParams::apply(TEST_MANAGER).force(), &Patch::Apply(relay)).await?;
        Ok(())
    }

    /// Does what the garbage collector would do, which this world does not have.
    async fn clear(&self) -> Result<()> {
        self.delete_all::<RelayCluster>().await?;
        self.delete_all::<Deployment>().await?;
        self.delete_all::<StatefulSet>().await?;
        self.delete_all::<Service>().await?;
        self.delete_all::<ConfigMap>().await?;
        self.delete_all::<Secret>().await?;
        self.delete_all::<ServiceAccount>().await?;
        self.delete_all::<Ingress>().await?;
        self.delete_all::<NetworkPolicy>().await?;
        self.delete_all::<PodDisruptionBudget>().await
    }

    async fn delete_all<K>(&self) -> Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
    {
        let objects = Api::<K>::namespaced(self.client.clone(), NAMESPACE);
        objects.delete_collection(&DeleteParams::background(), &ListParams::default()).await?;
        Ok(())
    }
}

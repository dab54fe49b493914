//! An API server with the RelayCluster definition, and namespaces in it.

use anyhow::Result;
use e2e::apiserver::ApiServer;
use e2e::ground::{TEST_MANAGER, eventually};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, CustomResourceExt};
use relay_operator::api::RelayCluster;
use serde_json::{Value, json};

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
        definitions
            .patch(name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(RelayCluster::crd()))
            .await?;
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

    /// Makes a namespace with a RelayCluster `hello` in it.
    pub(crate) async fn with_relay(&self, namespace: &str, spec: &Value) -> Result<()> {
        let metadata = ObjectMeta { name: Some(namespace.to_owned()), ..ObjectMeta::default() };
        let object = Namespace { metadata, ..Namespace::default() };
        Api::<Namespace>::all(self.client.clone()).create(&PostParams::default(), &object).await?;
        self.apply_relay(namespace, spec).await
    }

    /// Applies the RelayCluster `hello`.
    pub(crate) async fn apply_relay(&self, namespace: &str, spec: &Value) -> Result<()> {
        let relay = json!({
            "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
            "metadata": { "name": "hello" }, "spec": spec,
        });
        let relays = Api::<RelayCluster>::namespaced(self.client.clone(), namespace);
        relays.patch("hello", &PatchParams::apply(TEST_MANAGER).force(), &Patch::Apply(relay)).await?;
        Ok(())
    }
}

//! The first step: all reads of one reconcile, and no others.
//!
//! The cluster itself is read afresh, because a watch may be behind and a write must not rest on
//! what was true once. Every child of the closed set is read by name, so that a foreign object
//! with that name is seen, whatever its labels; but for those that the spec does not ask for and of which
//! [none is known](super::absent). Secrets are only ever read one by one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DynamicObject, ListParams};
use kube::core::ApiResource;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::absent::Absent;
use super::context::Context;
use super::names::{Names, RELAY, selector, written};
use super::observed::{Children, Found, Observed, Root};
use super::servers::asks_for_one_server;
use crate::api::{RelayCluster, SecretUse};
use crate::error::words;

/// A read that failed.
#[derive(Debug, thiserror::Error)]
#[error("reading {kind} {name}: {}", words(source))]
pub struct GatherError {
    /// Kind of the object.
    pub kind: String,
    /// Name of the object, or the selector of a list.
    pub name: String,
    /// What the client says.
    #[source]
    pub source: kube::Error,
}

/// Reads the cluster; `None` when it is gone.
///
/// # Errors
/// [`GatherError`] when the API server could not be asked.
pub async fn cluster(client: &Client, namespace: &str, name: &str) -> Result<Option<Root>, GatherError> {
    let resource = ApiResource::erase::<RelayCluster>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let object = api.get_opt(name).await.map_err(|source| failed("RelayCluster", name, source))?;
    Ok(object.map(Root::parse))
}

/// Reads what belongs to the cluster, or stands where something of it belongs.
///
/// # Errors
/// [`GatherError`] naming the object that could not be read.
pub async fn children(context: &Context, root: Root) -> Result<Observed, (Root, GatherError)> {
    match read(context, &root).await {
        Ok((children, missing_secrets)) => {
            let pods = context.pods_of(&root);
            Ok(Observed { root, children, pods, missing_secrets })
        }
        Err(error) => Err((root, error)),
    }
}

async fn read(context: &Context, root: &Root) -> Result<(Children, Vec<String>), GatherError> {
    let Context { client, discovery, absent, .. } = context;
    let reader = Reader { client, namespace: &root.namespace, absent };
    let names = Names(&root.name);
    let (service, peers, config, keys) = futures::try_join!(
        reader.get::<Service>(names.main()),
        reader.get::<Service>(names.pods()),
        reader.get::<ConfigMap>(names.config()),
        reader.get::<Secret>(names.keys()),
    )?;
    let (account, budget, redis, redis_service, redis_secret) = futures::try_join!(
        reader.get::<ServiceAccount>(names.main()),
        reader.get::<PodDisruptionBudget>(names.main()),
        reader.get_if_asked::<StatefulSet>(asks_for_one_server(root), names.redis()),
        reader.get::<Service>(names.redis()),
        reader.get::<Secret>(names.redis()),
    )?;
    let (deployments, missing_secrets, around, sentinel) = futures::try_join!(
        reader.deployments(&root.name),
        reader.missing_secrets(root),
        reader.around(discovery, root),
        Box::pin(reader.sentinel(root)),
    )?;
    let children = Children {
        service,
        peers,
        config,
        keys,
        account,
        budget,
        redis,
        redis_service,
        redis_secret,
        sentinel,
        around,
        deployments,
    };
    Ok((children, missing_secrets))
}

/// Reads what stands in one namespace.
pub(super) struct Reader<'a> {
    client: &'a Client,
    namespace: &'a str,
    absent: &'a Absent,
}

impl Reader<'_> {
    pub(super) async fn get<K>(&self, name: String) -> Result<Found<K>, GatherError>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), self.namespace);
        let object = api.get_opt(&name).await.map_err(|source| failed(&K::kind(&()), &name, source))?;
        Ok(Found { name, object })
    }

    /// The same for what a spec need not ask for: if it does not, and none is known of, nothing is read.
    pub(super) async fn get_if_asked<K>(&self, asked: bool, name: String) -> Result<Found<K>, GatherError>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        if !asked && self.absent.is::<K>(self.namespace, &name) {
            return Ok(Found { name, object: None });
        }
        self.get(name).await
    }

    async fn deployments(&self, cluster: &str) -> Result<Vec<Deployment>, GatherError> {
        let labels = written(&selector(cluster, RELAY));
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), self.namespace);
        let list = api.list(&ListParams::default().labels(&labels)).await;
        Ok(list.map_err(|source| failed("Deployment", &labels, source))?.items)
    }

    /// Which Secrets or keys that the spec refers to do not exist, as messages.
    async fn missing_secrets(&self, root: &Root) -> Result<Vec<String>, GatherError> {
        let Ok(cluster) = &root.cluster else { return Ok(Vec::new()) };
        let all = cluster.spec.secrets();
        // Several fields may refer to one Secret. What it holds is of no interest.
        let mut secrets: HashMap<&str, Option<Vec<String>>> = HashMap::new();
        for used in &all {
            if let Entry::Vacant(unread) = secrets.entry(used.name.as_str()) {
                let secret = self.get::<Secret>(used.name.clone()).await?.object;
                unread.insert(secret.map(|secret| secret.data.unwrap_or_default().into_keys().collect()));
            }
        }
        let keys = |used: &SecretUse| secrets.get(used.name.as_str()).and_then(Option::as_deref);
        Ok(all.iter().filter_map(|used| what_lacks(used, keys(used))).collect())
    }
}

/// What a field refers to and does not find among the keys of its Secret.
fn what_lacks(used: &SecretUse, keys: Option<&[String]>) -> Option<String> {
    let SecretUse { field, name, key } = used;
    let Some(keys) = keys else { return Some(format!("{field}: there is no Secret {name}")) };
    let key = key.as_ref()?;
    (!keys.contains(key)).then(|| format!("{field}: Secret {name} has no key {key}"))
}

fn failed(kind: &str, name: &str, source: kube::Error) -> GatherError {
    GatherError { kind: kind.to_owned(), name: name.to_owned(), source }
}

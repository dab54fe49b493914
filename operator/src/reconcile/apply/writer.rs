//! Making one object what it should be, with as few writes as that takes.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::covers::difference;
use super::error::WriteError;
use super::foreign::foreign_field;
use crate::metrics::Metrics;
use crate::options::FIELD_MANAGER;
use crate::reconcile::observed::{Ownership, Root};

/// The kinds that a cluster consists of.
pub trait Child:
    Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
    + Clone
    + std::fmt::Debug
    + Serialize
    + DeserializeOwned
{
}

impl<K> Child for K where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + Serialize
        + DeserializeOwned
{
}

/// What stands under a name after an object was to be put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// What we want.
    AsWanted,
    /// Somebody else's object, which was not touched.
    Foreign,
    /// An earlier cluster's object, which is about to go.
    Earlier,
    /// Something else than we want, which is left so while the cluster is paused.
    Withheld,
}

/// Writes the children of one cluster.
pub struct Writer<'a> {
    /// The way to the API server.
    pub client: &'a Client,
    /// The cluster that the objects are for.
    pub root: &'a Root,
    /// Where writes are counted.
    pub metrics: &'a Metrics,
    /// Whether nothing is written.
    pub paused: bool,
}

impl Writer<'_> {
    /// Makes the object of `want`'s name what `want` says, unless it is somebody else's.
    ///
    /// # Errors
    /// [`WriteError`] when it is not so afterwards.
    pub async fn put<K: Child>(&self, live: Option<&K>, want: &K) -> Result<Placed, WriteError> {
        let Some(live) = live else {
            return if self.paused { Ok(Placed::Withheld) } else { self.create(want).await };
        };
        self.update(live, want).await
    }

    /// Creates the object. The apply names a version that no object has: the API server drops it
    /// when it creates, and refuses when a foreign object has appeared under the name since it was
    /// looked up. A create proper would not do: it leaves us the owner of every default, so that
    /// later a field that we do not want any more could not be told from one.
    async fn create<K: Child>(&self, want: &K) -> Result<Placed, WriteError> {
        let wanted = self.json(want)?;
        match self.apply(&wanted, want, Some("1".to_owned()), "create").await {
            Ok(_) => Ok(Placed::AsWanted),
            Err(error) if error.is_conflict() => self.found_later(want).await,
            Err(error) => Err(error),
        }
    }

    async fn found_later<K: Child>(&self, want: &K) -> Result<Placed, WriteError> {
        let live =
            self.api::<K>().get(&want.name_any()).await.map_err(|source| failed("get", want, source))?;
        self.update(&live, want).await
    }

    async fn update<K: Child>(&self, live: &K, want: &K) -> Result<Placed, WriteError> {
        match self.root.ownership(live.meta()) {
            Ownership::Foreign => return Ok(Placed::Foreign),
            Ownership::Earlier => return Ok(Placed::Earlier),
            Ownership::Ours if live.meta().deletion_timestamp.is_some() => return Ok(Placed::Earlier),
            Ownership::Ours => {}
        }
        let wanted = self.json(want)?;
        let Some(field) = self.differs(&wanted, live)? else { return Ok(Placed::AsWanted) };
        if self.paused {
            return Ok(Placed::Withheld);
        }
        tracing::info!(object = %described(want), field, "object differs");
        let applied = match self.apply(&wanted, want, live.resource_version(), "apply").await {
            Err(refused) if refused.is_invalid() && added(&wanted, live).is_some() => {
                // Such as a budget's `minAvailable`, which rules out the `maxUnavailable` that we want.
                return self.replace(&wanted, live).await.map_or(Err(refused), |()| Ok(Placed::AsWanted));
            }
            applied => applied?,
        };
        if self.differs(&wanted, &applied)?.is_some() {
            self.replace(&wanted, &applied).await?;
        }
        Ok(Placed::AsWanted)
    }

    /// Where a live object is not as wanted: a field of ours, or one that somebody added.
    fn differs<K: Child>(&self, wanted: &Value, live: &K) -> Result<Option<String>, WriteError> {
        Ok(difference(wanted, &self.json(live)?).or_else(|| added(wanted, live)))
    }

    /// One server-side apply, of no other version than the given one, so that what a former leader
    /// still has on its way cannot undo what came later.
    async fn apply<K: Child>(
        &self,
        wanted: &Value,
        want: &K,
        version: Option<String>,
        verb: &'static str,
    ) -> Result<K, WriteError> {
        let mut body = wanted.clone();
        if let (Some(metadata), Some(version)) =
            (body.get_mut("metadata").and_then(Value::as_object_mut), version)
        {
            metadata.insert("resourceVersion".to_owned(), version.into());
        }
        let params = PatchParams::apply(FIELD_MANAGER).force();
        self.count::<K>(verb);
        let applied = self.api::<K>().patch(&want.name_any(), &params, &Patch::Apply(&body)).await;
        applied.map_err(|source| failed(verb, want, source))
    }

    /// Replaces what is below the metadata: an apply leaves what others added, a replacement does
    /// not. It says which version it replaces, so that nothing newer is lost.
    async fn replace<K: Child>(&self, wanted: &Value, live: &K) -> Result<(), WriteError> {
        let mut body = wanted.clone();
        let mut metadata = live.meta().clone();
        // An apply, before or at the next visit, puts our labels and our owner reference there.
        metadata.managed_fields = None;
        if let Value::Object(map) = &mut body {
            map.insert("metadata".to_owned(), self.json(&metadata)?);
        }
        let body: K = serde_json::from_value(body).map_err(|source| not_json(live, source))?;
        self.count::<K>("update");
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let replaced = self.api::<K>().replace(&live.name_any(), &params, &body).await;
        let replaced = replaced.map_err(|source| failed("update", live, source))?;
        match self.differs(wanted, &replaced)? {
            None => Ok(()),
            Some(field) => Err(WriteError::Persists { object: described(live), field }),
        }
    }

    /// Sets the number of pods of a Deployment whose template is not ours to build any more.
    ///
    /// # Errors
    /// [`WriteError`], among them a conflict when somebody wrote since it was read.
    pub async fn scale<K: Child>(&self, live: &K, replicas: u32) -> Result<(), WriteError> {
        let patch = serde_json::json!({
            "metadata": { "resourceVersion": live.resource_version() },
            "spec": { "replicas": replicas },
        });
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        self.count::<K>("patch");
        let patched = self.api::<K>().patch(&live.name_any(), &params, &Patch::Merge(patch)).await;
        patched.map(|_| ()).map_err(|source| failed("patch", live, source))
    }

    /// Deletes an object of ours, as it was seen: no other that may have taken its name, and none that
    /// somebody has put to use since.
    ///
    /// # Errors
    /// [`WriteError`], among them a conflict; that it is gone already is none.
    pub async fn delete<K: Child>(&self, live: &K) -> Result<(), WriteError> {
        let ours = self.root.ownership(live.meta()) == Ownership::Ours;
        if !ours || live.meta().deletion_timestamp.is_some() {
            return Ok(());
        }
        let preconditions = Preconditions { uid: live.uid(), resource_version: live.resource_version() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
        self.count::<K>("delete");
        match self.api::<K>().delete(&live.name_any(), &params).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(source) => Err(failed("delete", live, source)),
        }
    }

    /// Deletes a pod, for its controller to make it anew, and no other that may have taken its name.
    ///
    /// # Errors
    /// [`WriteError`]; that it is gone already is none.
    pub async fn replace_pod(&self, name: &str, uid: &str) -> Result<(), WriteError> {
        let preconditions = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
        tracing::info!(pod = name, cluster = self.root.name, "pod is replaced");
        self.count::<Pod>("delete");
        match self.api::<Pod>().delete(name, &params).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(source) => {
                let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
                Err(failed("delete", &Pod { metadata, ..Pod::default() }, source))
            }
        }
    }

    fn api<K: Child>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.root.namespace)
    }

    fn count<K: Child>(&self, verb: &'static str) {
        self.metrics.write(&K::kind(&()), verb);
    }

    fn json<T: Serialize>(&self, value: &T) -> Result<Value, WriteError> {
        serde_json::to_value(value)
            .map_err(|source| WriteError::Json { object: self.root.name.clone(), source })
    }
}

/// A field that somebody added.
fn added<K: Child>(wanted: &Value, live: &K) -> Option<String> {
    foreign_field(wanted, live.meta().managed_fields.as_deref().unwrap_or_default())
}

fn described<K: Child>(object: &K) -> String {
    format!("{} {}", K::kind(&()), object.name_any())
}

fn failed<K: Child>(verb: &'static str, object: &K, source: kube::Error) -> WriteError {
    WriteError::Api { object: described(object), verb, source }
}

fn not_json<K: Child>(object: &K, source: serde_json::Error) -> WriteError {
    WriteError::Json { object: described(object), source }
}

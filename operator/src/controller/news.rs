//! From the events of a watch to the clusters that are to be visited.
//!
//! A watch that breaks may have to begin anew with a list. An object that went in the meantime is in no
//! event then, it is only missing from the list; and all others are in it, though nothing happened to
//! them. So what was seen last is kept, a few dozen bytes for each object: the visits are those of the
//! clusters whose objects changed, appeared or went, and no others.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use futures::{Stream, StreamExt as _, stream};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::{self, Event};
use kube::{Resource, ResourceExt};

use super::Cluster;
use crate::api::RelayCluster;
use crate::fleet::ClusterKey;
use crate::reconcile::names::RESTARTED_AT;

/// What is told of one kind.
pub(super) struct Reader<K> {
    /// What differs after a change that matters.
    pub(super) version: fn(&K) -> u64,
    /// Whose the object is.
    pub(super) cluster: fn(&K) -> Option<ClusterKey>,
}

/// The clusters to be visited, as the watch goes on. A list counts when it is complete, so that
/// whoever is visited finds it all in a store that the events went through before.
pub(super) fn news<K>(
    watch: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
    reader: Reader<K>,
) -> impl Stream<Item = ObjectRef<Cluster>> + Send + 'static
where
    K: Resource + Debug + Send + 'static,
{
    let mut seen = Seen::default();
    let keys = watch.flat_map(move |event| {
        let keys = match event {
            Ok(event) => seen.note(event, &reader),
            Err(error) => {
                tracing::warn!(%error, "watch failed; it is tried again");
                HashSet::new()
            }
        };
        stream::iter(keys)
    });
    keys.map(|key| ObjectRef::new(&key.name).within(&key.namespace))
}

/// A child: any change matters, and its controller says whose it is.
pub(super) fn child<K: Resource>() -> Reader<K> {
    Reader { version: |child| hash(&child.meta().resource_version), cluster: owner }
}

/// A cluster: only another spec matters, the annotation that asks for new relays, or another cluster
/// of that name.
pub(super) fn itself() -> Reader<Cluster> {
    Reader {
        version: |cluster| {
            let restarted = cluster.annotations().get(RESTARTED_AT);
            hash(&(&cluster.metadata.uid, cluster.metadata.generation, restarted))
        },
        cluster: |cluster| {
            Some(ClusterKey { namespace: cluster.namespace().unwrap_or_default(), name: cluster.name_any() })
        },
    }
}

fn owner<K: Resource>(child: &K) -> Option<ClusterKey> {
    let namespace = child.namespace()?;
    let ours = |owner: &&OwnerReference| {
        owner.kind == RelayCluster::kind(&()) && owner.api_version == RelayCluster::api_version(&())
    };
    let owner = child.owner_references().iter().find(ours)?;
    Some(ClusterKey { namespace, name: owner.name.clone() })
}

/// An object as it was seen last.
struct Known {
    version: u64,
    cluster: ClusterKey,
}

/// Objects by the hash of their names.
type Objects = HashMap<u64, Known>;

#[derive(Default)]
struct Seen {
    objects: Objects,
    /// The list that is under way.
    list: Objects,
}

impl Seen {
    fn note<K: Resource>(&mut self, event: Event<K>, reader: &Reader<K>) -> HashSet<ClusterKey> {
        match event {
            Event::Apply(object) => self.changed(&object, reader),
            Event::Delete(object) => {
                let known = self.objects.remove(&id(&object)).map(|known| known.cluster);
                known.into_iter().chain((reader.cluster)(&object)).collect()
            }
            Event::Init => {
                self.list.clear();
                HashSet::new()
            }
            Event::InitApply(object) => {
                let version = (reader.version)(&object);
                if let Some(cluster) = (reader.cluster)(&object) {
                    self.list.insert(id(&object), Known { version, cluster });
                }
                HashSet::new()
            }
            Event::InitDone => self.listed(),
        }
    }

    fn changed<K: Resource>(&mut self, object: &K, reader: &Reader<K>) -> HashSet<ClusterKey> {
        let version = (reader.version)(object);
        let cluster = (reader.cluster)(object);
        let before = match &cluster {
            Some(cluster) => self.objects.insert(id(object), Known { version, cluster: cluster.clone() }),
            None => self.objects.remove(&id(object)),
        };
        match before {
            Some(before) if before.version == version => HashSet::new(),
            before => before.map(|known| known.cluster).into_iter().chain(cluster).collect(),
        }
    }

    /// Takes the list for what there is.
    fn listed(&mut self) -> HashSet<ClusterKey> {
        let list = std::mem::take(&mut self.list);
        let mut before = std::mem::replace(&mut self.objects, list);
        let mut keys = HashSet::new();
        for (id, now) in &self.objects {
            match before.remove(id) {
                Some(known) if known.version == now.version => {}
                known => {
                    keys.extend(known.map(|known| known.cluster).into_iter().chain([now.cluster.clone()]))
                }
            }
        }
        keys.extend(before.into_values().map(|gone| gone.cluster));
        keys
    }
}

fn id<K: Resource>(object: &K) -> u64 {
    hash(&(&object.meta().namespace, &object.meta().name))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[path = "news_tests.rs"]
mod tests;

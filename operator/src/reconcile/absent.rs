//! What need not be read, because its watch knows that it is not there.
//!
//! A spec need not ask for an Ingress, say, and most do not; a visit would look for one all the same, to take
//! away what an earlier spec asked for. It does not look where the watch of that kind knows of none of ours. This
//! decides about nothing but a removal: what is asked for is always read, and an object that its watch learns
//! of later has its cluster visited. An event that was lost is made good by the next list.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::Resource;
use kube::runtime::watcher::{self, Event};

/// What the watches of such kinds know, by kind.
#[derive(Debug, Default)]
pub struct Absent(Mutex<HashMap<String, Known>>);

/// Objects of one kind, by the hash of their names.
#[derive(Debug, Default)]
struct Known {
    /// There was a whole list, and nothing went wrong since.
    whole: bool,
    objects: HashSet<u64>,
    /// The list that is under way.
    list: HashSet<u64>,
}

impl Absent {
    /// Takes note of what a watch says.
    pub fn note<K: Resource<DynamicType = ()>>(&self, event: &watcher::Result<Event<K>>) {
        let mut kinds = self.lock();
        let known = kinds.entry(K::kind(&()).into_owned()).or_default();
        match event {
            Ok(Event::Apply(object)) => known.objects.extend([of(object)]),
            Ok(Event::Delete(object)) => {
                known.objects.remove(&of(object));
            }
            Ok(Event::Init) => known.list.clear(),
            Ok(Event::InitApply(object)) => known.list.extend([of(object)]),
            Ok(Event::InitDone) => {
                known.objects = std::mem::take(&mut known.list);
                known.whole = true;
            }
            Err(_) => known.whole = false,
        }
    }

    /// Whether there is no object of ours of this kind and name.
    #[must_use]
    pub fn is<K: Resource<DynamicType = ()>>(&self, namespace: &str, name: &str) -> bool {
        let id = id(Some(namespace), Some(name));
        self.lock().get(&*K::kind(&())).is_some_and(|known| known.whole && !known.objects.contains(&id))
    }

    /// A lock whose holder panicked protects plain data that is still whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of<K: Resource>(object: &K) -> u64 {
    let metadata = object.meta();
    id(metadata.namespace.as_deref(), metadata.name.as_deref())
}

fn id(namespace: Option<&str>, name: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (namespace, name).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::networking::v1::Ingress;
    use kube::api::ObjectMeta;

    use super::*;

    fn ingress(name: &str) -> Ingress {
        let (namespace, name) = (Some("ns".to_owned()), Some(name.to_owned()));
        Ingress { metadata: ObjectMeta { namespace, name, ..ObjectMeta::default() }, ..Ingress::default() }
    }

    fn after(events: Vec<Event<Ingress>>) -> Absent {
        let absent = Absent::default();
        events.into_iter().for_each(|event| absent.note(&Ok(event)));
        absent
    }

    /// Whether `a` and `b` are known to be absent.
    fn known(absent: &Absent) -> [bool; 2] {
        ["a", "b"].map(|name| absent.is::<Ingress>("ns", name))
    }

    fn listed() -> Vec<Event<Ingress>> {
        vec![Event::Init, Event::InitApply(ingress("a")), Event::InitDone]
    }

    #[test]
    fn f16_nothing_is_known_to_be_absent_before_a_list_is_whole() {
        let absent = after(vec![Event::Init, Event::InitApply(ingress("a"))]);
        assert_eq!(known(&absent), [false, false]);
    }

    #[test]
    fn f16_what_a_whole_list_lacks_is_absent() {
        let absent = after(listed());
        assert_eq!(known(&absent), [false, true]);
    }

    #[test]
    fn f16_what_comes_and_goes_after_the_list_counts() {
        let absent = after(listed());
        absent.note(&Ok(Event::Apply(ingress("b"))));
        absent.note(&Ok(Event::Delete(ingress("a"))));
        assert_eq!(known(&absent), [true, false]);
    }

    #[test]
    fn f16_nothing_is_known_to_be_absent_after_an_error_until_the_next_whole_list() {
        let absent = after(listed());
        absent.note::<Ingress>(&Err(watcher::Error::NoResourceVersion));
        assert_eq!(known(&absent), [false, false]);
        listed().into_iter().for_each(|event| absent.note(&Ok(event)));
        assert_eq!(known(&absent), [false, true]);
    }
}

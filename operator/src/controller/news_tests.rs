use super::*;
use k8s_openapi::api::core::v1::Service;
use kube::api::PartialObjectMeta;
use kube::core::ObjectMeta;

type Child = PartialObjectMeta<Service>;

/// A child of the cluster `of` in the namespace `ns`.
fn object(name: &str, version: &str, of: &str) -> Child {
    let owner = OwnerReference {
        api_version: RelayCluster::api_version(&()).into_owned(),
        kind: RelayCluster::kind(&()).into_owned(),
        name: of.to_owned(),
        ..OwnerReference::default()
    };
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some("ns".to_owned()),
        resource_version: Some(version.to_owned()),
        owner_references: Some(vec![owner]),
        ..ObjectMeta::default()
    };
    Child { metadata, ..Child::default() }
}

/// The names of the clusters that a list of these objects has visited.
fn list(seen: &mut Seen, objects: Vec<Child>) -> Vec<String> {
    let events =
        [Event::Init].into_iter().chain(objects.into_iter().map(Event::InitApply)).chain([Event::InitDone]);
    let keys = events.flat_map(|event| seen.note(event, &child()));
    let mut names: Vec<_> = keys.map(|key| key.name).collect();
    names.sort();
    names
}

#[test]
fn f15_a_first_list_visits_every_cluster_once() {
    let objects = vec![object("1", "1", "a"), object("2", "1", "a"), object("3", "1", "b")];
    assert_eq!(list(&mut Seen::default(), objects), ["a", "b"]);
}

#[test]
fn f15_a_list_that_lacks_an_object_visits_its_cluster() {
    let mut seen = Seen::default();
    list(&mut seen, vec![object("1", "1", "a"), object("2", "1", "b")]);
    assert_eq!(list(&mut seen, vec![object("2", "1", "b")]), ["a"]);
}

#[test]
fn f15_a_list_of_what_is_known_visits_nobody() {
    let mut seen = Seen::default();
    let objects = vec![object("1", "1", "a"), object("2", "1", "b")];
    list(&mut seen, objects.clone());
    assert!(list(&mut seen, objects).is_empty());
}

#[test]
fn f15_a_list_with_another_version_visits_the_cluster() {
    let mut seen = Seen::default();
    list(&mut seen, vec![object("1", "1", "a"), object("2", "1", "b")]);
    assert_eq!(list(&mut seen, vec![object("1", "2", "a"), object("2", "1", "b")]), ["a"]);
}

#[test]
fn f15_a_child_that_loses_its_owner_visits_the_former_one() {
    let mut seen = Seen::default();
    list(&mut seen, vec![object("1", "1", "a")]);
    let mut orphan = object("1", "2", "a");
    orphan.metadata.owner_references = None;
    let keys = seen.note(Event::Apply(orphan), &child());
    assert_eq!(keys.into_iter().map(|key| key.name).collect::<Vec<_>>(), ["a"]);
}

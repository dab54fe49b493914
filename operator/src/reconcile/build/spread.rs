//! Where relays run: away from each other, over nodes and over zones, wherever that is possible.
//!
//! Both are wishes and no conditions: a relay beside another one serves clients, a relay without a
//! node serves nobody. The spread counts the relays of one revision, so that those of a new one do
//! not depend on where the old ones were; the anti-affinity looks at all.

use k8s_openapi::api::core::v1::{
    Affinity, PodAffinityTerm, PodAntiAffinity, TopologySpreadConstraint, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::super::names::{RELAY, REVISION, selector};
use super::super::validate::Validated;

/// Labels of nodes that tell where they are, and how much it weighs to be alone there.
const PLACES: [(&str, i32); 2] = [("kubernetes.io/hostname", 100), ("topology.kubernetes.io/zone", 50)];

/// The constraints of the spec, or an even spread over nodes and zones.
pub(super) fn constraints(cluster: &Validated) -> Vec<TopologySpreadConstraint> {
    let default = || PLACES.map(|(place, _)| evenly(cluster, place)).to_vec();
    cluster.spec.topology_spread_constraints.clone().unwrap_or_else(default)
}

fn evenly(cluster: &Validated, place: &str) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: place.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(relays(cluster)),
        match_label_keys: Some(vec![REVISION.to_owned()]),
        ..TopologySpreadConstraint::default()
    }
}

/// The affinity of the spec; what it does not say about other pods is said here.
pub(super) fn affinity(cluster: &Validated) -> Affinity {
    let mut affinity = cluster.spec.affinity.clone().unwrap_or_default();
    affinity.pod_anti_affinity.get_or_insert_with(|| PodAntiAffinity {
        preferred_during_scheduling_ignored_during_execution: Some(all_apart(cluster, RELAY)),
        required_during_scheduling_ignored_during_execution: None,
    });
    affinity
}

/// Wishes of the pods of a component to be where no other one is.
pub(super) fn all_apart(cluster: &Validated, component: &str) -> Vec<WeightedPodAffinityTerm> {
    PLACES.map(|(place, weight)| apart(cluster, component, place, weight)).to_vec()
}

fn apart(cluster: &Validated, component: &str, place: &str, weight: i32) -> WeightedPodAffinityTerm {
    WeightedPodAffinityTerm {
        weight,
        pod_affinity_term: PodAffinityTerm {
            label_selector: Some(all_of(cluster, component)),
            topology_key: place.to_owned(),
            ..PodAffinityTerm::default()
        },
    }
}

fn relays(cluster: &Validated) -> LabelSelector {
    all_of(cluster, RELAY)
}

fn all_of(cluster: &Validated, component: &str) -> LabelSelector {
    LabelSelector { match_labels: Some(selector(&cluster.root.name, component)), ..LabelSelector::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::options::Options;
    use crate::reconcile::fixtures::root;
    use crate::reconcile::validate::validate;

    fn cluster(spec: serde_json::Value) -> Validated {
        validate(&root(spec), &Options::default()).unwrap()
    }

    fn places(affinity: Affinity) -> Vec<String> {
        let terms = affinity.pod_anti_affinity.unwrap().preferred_during_scheduling_ignored_during_execution;
        terms.into_iter().flatten().map(|term| term.pod_affinity_term.topology_key).collect()
    }

    #[test]
    fn relays_prefer_nodes_and_zones_without_another_one() {
        let all = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];
        assert_eq!(places(affinity(&cluster(json!({})))), all);
        let constraints = constraints(&cluster(json!({})));
        assert_eq!(constraints.iter().map(|one| one.topology_key.as_str()).collect::<Vec<_>>(), all);
    }

    #[test]
    fn no_default_keeps_a_relay_from_a_node() {
        let cluster = cluster(json!({}));
        assert!(constraints(&cluster).iter().all(|one| one.when_unsatisfiable == "ScheduleAnyway"));
        let required = affinity(&cluster).pod_anti_affinity.unwrap();
        assert_eq!(required.required_during_scheduling_ignored_during_execution, None);
    }

    #[test]
    fn what_the_spec_says_about_other_pods_stands_alone() {
        let spec = json!({"affinity": {"podAntiAffinity": {}}, "topologySpreadConstraints": []});
        assert!(places(affinity(&cluster(spec.clone()))).is_empty());
        assert!(constraints(&cluster(spec)).is_empty());
    }

    #[test]
    fn a_preference_for_nodes_keeps_relays_apart_nevertheless() {
        let affinity = affinity(&cluster(json!({"affinity": {"nodeAffinity": {}}})));
        assert_eq!(places(affinity).len(), 2);
    }
}

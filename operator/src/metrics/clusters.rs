//! What is told of each RelayCluster, made when somebody asks.
//!
//! A series of its own for each figure and cluster would keep its name and help in memory a
//! thousand times; kept here is one small record per cluster.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};

use crate::api::{ConditionType, RelayClusterStatus};
use crate::fleet::{ClusterKey, Fleet, lock};

/// Labels of all families here; a condition has its type, too.
const LABELS: [&str; 2] = ["namespace", "relaycluster"];

/// Name without its prefix, help and further label of a family.
type Family = (&'static str, &'static str, Option<&'static str>);

/// One value of a family: that of its further label, if it has one, and the number.
type Value = (Option<&'static str>, f64);

const CONDITION: Family =
    ("condition", "Conditions of a RelayCluster: 1 is True, 0 is False, -1 is Unknown", Some("type"));
const REPLICAS: Family = (
    "replicas",
    "Relays of a RelayCluster that are wanted, exist, are ready, or have its revision",
    Some("state"),
);
const ROLLOUT: Family = ("rollout_in_progress", "Whether a rollout goes on, 1 or 0", None);
const LEFT: Family =
    ("rollout_pods_left", "Relays of earlier revisions that a rollout has yet to replace", None);
const CONNECTIONS: Family =
    ("connections", "Live connections as far as the relays told, rounded to two digits", None);
const UNKNOWN: Family = ("unknown_pods", "Ready relays whose connections are not known", None);
const AGE: Family = ("probe_age_seconds", "Age of the oldest last answer of a RelayCluster's relays", None);

/// The record of one cluster.
#[derive(Clone, Debug, Default)]
struct Figures {
    conditions: Vec<i8>,
    wanted: i32,
    replicas: i32,
    ready: i32,
    updated: i32,
    rollout: Option<i32>,
    connections: Option<i64>,
    unknown: i32,
}

/// The records of all clusters. A clone has the same.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    figures: Arc<Mutex<HashMap<ClusterKey, Figures>>>,
    fleet: Arc<OnceLock<Fleet>>,
    descriptions: Arc<Vec<Desc>>,
}

impl Clusters {
    /// No cluster yet.
    ///
    /// # Errors
    /// A name that is malformed; a defect.
    pub(super) fn new() -> prometheus::Result<Self> {
        let families = [CONDITION, REPLICAS, ROLLOUT, LEFT, CONNECTIONS, UNKNOWN, AGE];
        let descriptions = families.into_iter().map(describe).collect::<Result<_, _>>()?;
        Ok(Self { figures: Arc::default(), fleet: Arc::default(), descriptions: Arc::new(descriptions) })
    }

    /// Where the age of answers is known.
    pub(super) fn ages_from(&self, fleet: Fleet) {
        // There is one fleet in a process; a second one would be a second operator in a test.
        let _ = self.fleet.set(fleet);
    }

    /// What the last visit found.
    pub(super) fn set(&self, cluster: &ClusterKey, wanted: u32, status: &RelayClusterStatus) {
        let rollout = status.rollout.as_ref();
        let figures = Figures {
            conditions: ConditionType::ALL.iter().map(|type_| condition(status, *type_)).collect(),
            wanted: i32::try_from(wanted).unwrap_or(i32::MAX),
            replicas: status.replicas,
            ready: status.ready_replicas,
            updated: status.updated_replicas,
            rollout: rollout.filter(|rollout| rollout.from.is_some()).map(|rollout| rollout.remaining),
            connections: status.connections.as_ref().map(|connections| connections.total),
            unknown: status.connections.as_ref().map_or(0, |connections| connections.unknown_pods),
        };
        lock(&self.figures).insert(cluster.clone(), figures);
    }

    /// Forgets a cluster that is gone.
    pub(super) fn remove(&self, cluster: &ClusterKey) {
        lock(&self.figures).remove(cluster);
    }

    fn family(
        &self,
        family: Family,
        known: &HashMap<ClusterKey, Figures>,
        of: impl Fn(&ClusterKey, &Figures) -> Vec<Value>,
    ) -> MetricFamily {
        let (name, help, label) = family;
        let metrics = known.iter().flat_map(|(cluster, figures)| {
            of(cluster, figures).into_iter().map(|(value, number)| metric(cluster, label.zip(value), number))
        });
        let mut family = MetricFamily::default();
        family.set_name(full(name));
        family.set_help(help.to_owned());
        family.set_field_type(MetricType::GAUGE);
        family.set_metric(metrics.collect());
        family
    }
}

impl Collector for Clusters {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let known = lock(&self.figures).clone();
        let ages = self.fleet.get().map(Fleet::ages).unwrap_or_default();
        let age = |cluster: &ClusterKey| ages.get(cluster).map(Duration::as_secs_f64);
        vec![
            self.family(CONDITION, &known, |_, figures| figures.conditions()),
            self.family(REPLICAS, &known, |_, figures| figures.replicas().to_vec()),
            self.family(ROLLOUT, &known, |_, it| one(Some(f64::from(u8::from(it.rollout.is_some()))))),
            self.family(LEFT, &known, |_, it| one(Some(f64::from(it.rollout.unwrap_or_default())))),
            self.family(CONNECTIONS, &known, |_, it| one(it.connections.map(|total| total as f64))),
            self.family(UNKNOWN, &known, |_, it| one(Some(f64::from(it.unknown)))),
            self.family(AGE, &known, |cluster, _| one(age(cluster))),
        ]
    }
}

impl Figures {
    fn conditions(&self) -> Vec<Value> {
        let types = ConditionType::ALL.iter().map(|type_| Some(type_.as_str()));
        types.zip(self.conditions.iter().map(|value| f64::from(*value))).collect()
    }

    fn replicas(&self) -> [Value; 4] {
        let states = [
            ("wanted", self.wanted),
            ("present", self.replicas),
            ("ready", self.ready),
            ("updated", self.updated),
        ];
        states.map(|(state, number)| (Some(state), f64::from(number)))
    }
}

fn one(number: Option<f64>) -> Vec<Value> {
    number.into_iter().map(|number| (None, number)).collect()
}

fn condition(status: &RelayClusterStatus, type_: ConditionType) -> i8 {
    let found = status.conditions.iter().find(|condition| condition.type_ == type_.as_str());
    match found.map(|condition| condition.status.as_str()) {
        Some("True") => 1,
        Some("False") => 0,
        _ => -1,
    }
}

fn full(name: &str) -> String {
    format!("relay_operator_cluster_{name}")
}

fn describe((name, help, label): Family) -> prometheus::Result<Desc> {
    let labels = LABELS.into_iter().chain(label).map(str::to_owned).collect();
    Desc::new(full(name), help.to_owned(), labels, std::collections::HashMap::new())
}

fn metric(cluster: &ClusterKey, further: Option<(&str, &str)>, number: f64) -> Metric {
    let own = [("namespace", cluster.namespace.as_str()), ("relaycluster", cluster.name.as_str())];
    let labels: BTreeMap<_, _> = own.into_iter().chain(further).collect();
    let mut gauge = Gauge::default();
    gauge.set_value(number);
    let mut metric = Metric::from_gauge(gauge);
    metric.set_label(labels.into_iter().map(pair).collect());
    metric
}

fn pair((name, value): (&str, &str)) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

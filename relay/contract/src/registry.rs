//! A registry that knows what is registered in it, also what was never counted yet.

use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::core::Collector;
use prometheus::proto::{MetricFamily, MetricType};

use crate::metrics::{Kind, Metric};

/// Metrics of one process, and what they are.
#[derive(Debug, Default)]
pub struct Registry {
    inner: prometheus::Registry,
    known: Mutex<Vec<Metric>>,
}

impl Registry {
    /// Registers a metric.
    ///
    /// # Errors
    /// If its name is taken.
    pub fn register(&self, collector: Box<dyn Collector>) -> prometheus::Result<()> {
        let metrics = describe(collector.as_ref());
        self.inner.register(collector)?;
        self.lock().extend(metrics);
        Ok(())
    }

    /// The values of all metrics that have one.
    #[must_use]
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.inner.gather()
    }

    /// All metrics, in the order of their registration.
    #[must_use]
    pub fn known(&self) -> Vec<Metric> {
        self.lock().clone()
    }

    /// A list that is only ever extended is whole whoever panicked beside it.
    fn lock(&self) -> MutexGuard<'_, Vec<Metric>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A collector tells its types by its families, which are there without a value, too, and its
/// labels by its descriptions.
fn describe(collector: &dyn Collector) -> Vec<Metric> {
    let descriptions = collector.desc();
    let families = collector.collect();
    let metrics = families.iter().filter_map(|family| {
        let description = descriptions.iter().find(|it| it.fq_name == family.name())?;
        let fixed = description.const_label_pairs.iter().map(|pair| pair.name().to_owned());
        Some(Metric {
            name: description.fq_name.clone(),
            kind: kind(family.get_field_type()),
            labels: fixed.chain(description.variable_labels.iter().cloned()).collect(),
            help: description.help.clone(),
        })
    });
    metrics.collect()
}

fn kind(kind: MetricType) -> Kind {
    match kind {
        MetricType::COUNTER => Kind::Counter,
        MetricType::HISTOGRAM => Kind::Histogram,
        _ => Kind::Gauge,
    }
}

//! Log lines that were lost, by reason.

use std::sync::{Arc, OnceLock};

use prometheus::{IntCounterVec, Opts};

use super::Registry;
use super::raise::raise;
use crate::logs::Lost;

/// Figures of the logs.
#[derive(Debug)]
pub struct LogFigures {
    family: IntCounterVec,
    /// Where they are counted; unset while nothing is.
    lost: OnceLock<Arc<Lost>>,
}

impl LogFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new("relay_log_lines_lost_total", "Log lines that could not be written.");
        let family = IntCounterVec::new(opts, &["reason"])?;
        registry.register(Box::new(family.clone()))?;
        Ok(Self { family, lost: OnceLock::new() })
    }

    /// Tells what `lost` counts from now on; only the first call counts.
    pub fn watch(&self, lost: Arc<Lost>) {
        // A second one would be another relay of the same process, with the same logs.
        let _ = self.lost.set(lost);
    }

    pub(super) fn update(&self) {
        for (reason, total) in self.lost.get().iter().flat_map(|lost| lost.totals()) {
            raise(&self.family.with_label_values(&[reason]), total);
        }
    }
}

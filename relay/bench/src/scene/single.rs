//! Messages to one user each, one after the other, while all users are connected.

use anyhow::Result;

use super::QUIET;
use super::stage::{Stage, micros_each};
use crate::measure::{Measure, Samples};
use crate::plan::Plan;
use crate::publisher::{Publisher, Way};

/// From one user to the next: neighbours have connected together, and may be together in memory.
const STRIDE: usize = 7;

/// Publishes to the users, who are connected.
pub(super) fn run(stage: &mut Stage<'_>, plan: &Plan, samples: &mut Samples) -> Result<()> {
    let (subject, stamps, count) = (stage.subject, stage.stamps(), plan.single);
    let mut publisher = Publisher::connect(stage.server.address, &Way::Post)?;
    let cpu = stage.cpu()?;
    for number in 0..count {
        publisher.publish(&subject.to_user(number * STRIDE % plan.idle, &stamps()))?;
    }
    let heard = stage.crowd.listen(count, QUIET)?.len();
    samples.add(subject.name(), Measure::SingleCpu, micros_each(stage.cpu()?.saturating_sub(cpu), count));
    samples.add(subject.name(), Measure::Lost, count.saturating_sub(heard) as f64);
    Ok(())
}

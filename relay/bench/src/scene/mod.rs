//! What a server is taken through, in one life of it.

mod connect;
mod fan;
mod mixed;
mod single;
mod stage;

use std::time::Duration;

use anyhow::Result;

use crate::measure::{Measure, Samples};
use crate::plan::Plan;
use crate::servers::Subject;

pub(crate) use mixed::{MIXED, mixed};
use stage::Stage;
pub(crate) use stage::{micros_each, stamps_since};

/// Time without a delivery after which the rest counts as lost.
pub(crate) const QUIET: Duration = Duration::from_secs(5);

/// Starts a server, and takes it through all scenes.
///
/// # Errors
/// If it does not start, or ends a connection.
pub(crate) fn run(subject: &dyn Subject, plan: &Plan, samples: &mut Samples) -> Result<()> {
    let mut stage = Stage::of(subject)?;
    if subject.user(0).is_some() {
        connect::run(&mut stage, plan, samples)?;
        single::run(&mut stage, plan, samples)?;
    }
    stage.crowd.keep(0);
    let [large, small] = plan.audiences;
    stage.dial(large, |_| Some(subject.subscriber()))?;
    fan::run(&mut stage, plan, large, [Measure::Steady5000, Measure::Burst5000], samples)?;
    stage.crowd.keep(small);
    fan::run(&mut stage, plan, small, [Measure::Steady1000, Measure::Burst1000], samples)
}

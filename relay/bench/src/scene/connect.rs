//! Users connect, and stay idle.

use std::time::Instant;

use anyhow::Result;

use super::stage::{Stage, micros_each};
use crate::measure::{Measure, Samples};
use crate::plan::Plan;

/// Connects the users, who stay.
pub(super) fn run(stage: &mut Stage<'_>, plan: &Plan, samples: &mut Samples) -> Result<()> {
    let subject = stage.subject;
    std::thread::sleep(plan.rest);
    let (memory, cpu, began) = (stage.memory()?, stage.cpu()?, Instant::now());
    stage.dial(plan.idle, |number| subject.user(number))?;
    let elapsed = began.elapsed();
    samples.add(subject.name(), Measure::ConnectRate, plan.idle as f64 / elapsed.as_secs_f64());
    samples.add(subject.name(), Measure::ConnectCpu, micros_each(stage.cpu()? - cpu, plan.idle));
    std::thread::sleep(plan.rest);
    let grown = stage.memory()?.saturating_sub(memory);
    samples.add(subject.name(), Measure::IdleMemory, grown as f64 / plan.idle as f64);
    Ok(())
}

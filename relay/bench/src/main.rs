//! Measures the relay beside the servers that people would use instead, in the same run, and beside
//! the least that such a delivery can cost: a bare loop of `send()`.
//!
//! Each run starts every server once and takes it through the same [scenes](scene); the table has the
//! medians of all runs. See `docs/performance.md` for what the figures mean.

mod args;
mod crowd;
mod measure;
mod median;
mod plan;
mod proc;
mod publisher;
mod report;
mod scene;
mod servers;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Arguments, Command};
use measure::Samples;
use plan::Plan;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Command::Floor { port }) => servers::serve_floor(*port).context("floor"),
        None => bench(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> anyhow::Result<()> {
    let plan = if arguments.quick { Plan::QUICK } else { Plan::FULL };
    let subjects: Vec<_> =
        servers::all().into_iter().filter(|subject| arguments.wants(subject.name())).collect();
    anyhow::ensure!(!subjects.is_empty(), "no subject's name contains {:?}", arguments.only);
    servers::prepare()?;
    let mut samples = Samples::default();
    // Run by run, not subject by subject: a machine that slows down slows all of them.
    for run in 1..=plan.runs {
        for subject in &subjects {
            eprintln!("run {run} of {}: {}", plan.runs, subject.name());
            scene::run(subject.as_ref(), &plan, &mut samples).with_context(|| subject.name().to_owned())?;
        }
        if arguments.wants(scene::MIXED) {
            eprintln!("run {run} of {}: {}", plan.runs, scene::MIXED);
            scene::mixed(&plan, &mut samples).context(scene::MIXED)?;
        }
    }
    if arguments.json {
        println!("{}", report::json(&samples)?);
    } else {
        print!("{}", report::table(&samples));
    }
    Ok(())
}

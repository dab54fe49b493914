//! Measures the relay beside the servers that people would use instead, in the same run, and beside
//! the least that such a delivery can cost: a bare loop of `send()`.
//!
//! Each run starts every server once and takes it through the same [scenes](scene); the table has the
//! medians of all runs. See `docs/performance.md` for what the figures mean.

mod args;
mod backplane;
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

// As in the relay, whose bus runs in a process of this program, too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Command::Floor { port }) => servers::serve_floor(*port).context("floor"),
        Some(Command::Bus(options)) => backplane::serve_bus(options).context("bus"),
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
    let mut parts: Vec<_> =
        backplane::parts().into_iter().filter(|part| arguments.wants(part.name)).collect();
    anyhow::ensure!(subjects.len() + parts.len() > 0, "no subject's name contains {:?}", arguments.only);
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
        for part in &mut parts {
            eprintln!("run {run} of {}: {}", plan.runs, part.name);
            part.run(&plan)?;
        }
    }
    if arguments.json {
        let tables = parts.iter().map(|part| (part.name, part.samples()));
        println!("{}", report::json(std::iter::once(("relay", &samples)).chain(tables))?);
        return Ok(());
    }
    if !samples.rows().is_empty() {
        print!("{}", report::table(&samples));
    }
    conclude(&parts)
}

/// Prints what was measured with Redis, and how it compares with the targets.
///
/// # Errors
/// With the targets that are missed by far.
fn conclude(parts: &[backplane::Part]) -> anyhow::Result<()> {
    let (mut targets, mut failures) = (vec![backplane::Verdict::head()], Vec::new());
    for part in parts {
        println!("\n{}", part.tables());
        let verdict = part.verdict();
        targets.extend(verdict.rows);
        failures.extend(verdict.failures);
    }
    if targets.len() > 1 {
        println!("\n{}", report::markdown(&targets));
    }
    anyhow::ensure!(failures.is_empty(), "{}", failures.join("; "));
    Ok(())
}

//! Redis behind the relay: what it adds to a message, how many it takes, and who comes back after a
//! crash. Everything runs on a `redis-server` of its own, on loopback.
//!
//! Each part has a table of its own, and [targets] that its medians must meet.

mod beside;
mod bus;
mod cluster;
mod comeback;
mod crossing;
mod publishes;
mod ratios;
mod targets;

use anyhow::{Context, Result};

pub(crate) use bus::{Options as BusOptions, serve as serve_bus};
pub(crate) use targets::Verdict;

use crate::measure::Samples;
use crate::plan::Plan;
use crate::report;

/// What channels keep where history is on: more than any part publishes.
const HISTORY: (&str, &str) = ("HISTORY", "users=1000/300,rooms=1000/300,events=10000/300");

/// A part, and what was measured in it.
pub(crate) struct Part {
    /// What the command line knows it by.
    pub(crate) name: &'static str,
    /// Head of its table.
    title: &'static str,
    run: fn(&Plan, &mut Samples) -> Result<()>,
    samples: Samples,
}

/// All parts, with nothing measured.
pub(crate) fn parts() -> Vec<Part> {
    let part = |name, title, run| Part { name, title, run, samples: Samples::default() };
    vec![
        part(
            "backplane crossing",
            "One message at a time, from one relay to a client of the other",
            crossing::run as _,
        ),
        part("backplane publishes", "Publishes of 256 bytes, as many as go", publishes::run),
        part(
            "backplane comeback",
            "Clients of a relay that was killed come back to the other, all at once",
            comeback::run,
        ),
        part("backplane beside", "The same fan-out by two servers", beside::run),
    ]
}

impl Part {
    /// Runs it once more.
    ///
    /// # Errors
    /// If a server does not start, or ends a connection.
    pub(crate) fn run(&mut self, plan: &Plan) -> Result<()> {
        (self.run)(plan, &mut self.samples).context(self.name)
    }

    /// What was measured.
    pub(crate) fn samples(&self) -> &Samples {
        &self.samples
    }

    /// The tables of its figures and of their ratios, in Markdown.
    pub(crate) fn tables(&self) -> String {
        let (figures, ratios) = (report::table(&self.samples), ratios::of(&self.samples));
        let ratios =
            if ratios.is_empty() { String::new() } else { format!("\n{}", report::markdown(&ratios)) };
        format!("`{}`: {}\n\n{figures}{ratios}", self.name, self.title)
    }

    /// Its targets beside its figures.
    pub(crate) fn verdict(&self) -> Verdict {
        targets::judge(&self.samples)
    }
}

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
mod targets;

use anyhow::{Context, Result};

pub(crate) use bus::{Options as BusOptions, serve as serve_bus};

use crate::measure::Samples;
use crate::plan::Plan;

/// What channels keep where history is on: more than any part publishes.
const HISTORY: (&str, &str) = ("HISTORY", "users=1000/300,rooms=1000/300,events=10000/300");

/// A part, and what was measured in it.
pub(crate) struct Part {
    /// What the command line knows it by.
    pub(crate) name: &'static str,
    /// Head of its table.
    pub(crate) title: &'static str,
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

    /// Its targets, each in a line, met or not.
    ///
    /// # Errors
    /// With those that are missed by far: it is no slow machine any more.
    pub(crate) fn verdict(&self) -> Result<Vec<String>, String> {
        targets::judge(&self.samples)
    }
}

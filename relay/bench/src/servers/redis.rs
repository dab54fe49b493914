//! A `redis-server` of its own, which keeps nothing on disk.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::process::{Place, Server};
use crate::proc;

/// One that runs.
pub(crate) struct Redis(Server);

impl Redis {
    /// Starts one.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn start() -> Result<Self> {
        let place = Place::new()?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--port").arg(place.port.to_string());
        Ok(Self(Server::start(place, &mut command).context("redis-server (Debian: redis-server)")?))
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.0.address)
    }

    /// CPU time that it has used up to now.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        proc::cpu(&self.0.pids())
    }
}

//! A server, its crowd, and what the server has used.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::crowd::{Crowd, Hello, stamp};
use crate::proc;
use crate::servers::{Server, Subject};

/// One server in front of one crowd.
pub(super) struct Stage<'a> {
    pub(super) subject: &'a dyn Subject,
    pub(super) server: Server,
    pub(super) crowd: Crowd,
    /// What stamps count from.
    began: Instant,
}

impl<'a> Stage<'a> {
    /// Starts the server; nobody is connected.
    pub(super) fn of(subject: &'a dyn Subject) -> Result<Self> {
        let began = Instant::now();
        Ok(Self { subject, server: subject.start()?, crowd: Crowd::new(began)?, began })
    }

    /// Connects `count` more clients.
    pub(super) fn dial(&mut self, count: usize, hello: impl Fn(usize) -> Option<Hello>) -> Result<()> {
        self.crowd.dial(self.server.address, (0..count).map_while(hello))
    }

    /// CPU time that the server has used up to now.
    pub(super) fn cpu(&self) -> Result<Duration> {
        proc::cpu(&self.server.pids())
    }

    /// KB of memory of the server.
    pub(super) fn memory(&self) -> Result<u64> {
        proc::memory(&self.server.pids())
    }

    /// Gives stamps of the moment, in any thread.
    pub(super) fn stamps(&self) -> impl Fn() -> String + Copy + Send + use<> {
        stamps_since(self.began)
    }
}

/// Gives stamps of the moment, which count from `began`, in any thread.
pub(crate) fn stamps_since(began: Instant) -> impl Fn() -> String + Copy + Send {
    move || stamp(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// µs of `cpu` for each of `count`.
pub(crate) fn micros_each(cpu: Duration, count: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_cpu_is_in_microseconds() {
        assert_eq!(micros_each(Duration::from_millis(30), 1000), 30.0);
    }
}

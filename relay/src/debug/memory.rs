//! `GET /debug/memory` (requirement 001-08), from proc(5) and the allocator.

use std::fs;

use axum::Json;
use serde_json::{Value, json};
use tikv_jemalloc_ctl::{epoch, stats};

/// Bytes of this process and of the machine, and what is open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    /// Bytes in memory.
    pub(crate) resident: u64,
    /// Bytes that the process may have: the machine's, or the limit of its control group.
    pub(crate) limit: u64,
}

impl Memory {
    /// As it is now; zeros where the system does not tell.
    pub(crate) fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let machine = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let group = fs::read_to_string("/sys/fs/cgroup/memory.max").unwrap_or_default();
        let machine = kibibytes(&machine, "MemTotal:");
        let limit = group.trim().parse().map_or(machine, |limit: u64| limit.min(machine));
        Self { resident: kibibytes(&status, "VmRSS:"), limit }
    }

    /// How much of the limit is used, from 0 to 100.
    pub(crate) fn percent(self) -> f64 {
        if self.limit == 0 { 0.0 } else { self.resident as f64 * 100.0 / self.limit as f64 }
    }

    /// The same in whole percent.
    pub(crate) fn whole_percent(self) -> u64 {
        self.resident.saturating_mul(100).checked_div(self.limit).unwrap_or_default()
    }
}

pub(super) async fn handle() -> Json<Value> {
    let memory = Memory::now();
    let (files, sockets) = descriptors();
    Json(json!({
        "memory_mb": memory.resident as f64 / f64::from(1 << 20),
        "memory_percent": memory.percent(),
        "open_files": files,
        "connections": sockets,
        "gc_stats": [allocator()],
    }))
}

/// The bytes of a line such as `VmRSS:   1234 kB`.
fn kibibytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or_default() * 1024
}

/// Open descriptors: those that are no sockets, and sockets.
fn descriptors() -> (usize, usize) {
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return (0, 0) };
    let targets = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let (sockets, files): (Vec<_>, Vec<_>) =
        targets.partition(|target| target.to_string_lossy().starts_with("socket:"));
    (files.len(), sockets.len())
}

/// There is no collector: what the allocator knows takes its place.
fn allocator() -> Value {
    let _ = epoch::advance();
    json!({
        "allocated": stats::allocated::read().unwrap_or_default(),
        "active": stats::active::read().unwrap_or_default(),
        "resident": stats::resident::read().unwrap_or_default(),
        "mapped": stats::mapped::read().unwrap_or_default(),
        "retained": stats::retained::read().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r001_08_this_process_has_memory_and_a_limit() {
        let memory = Memory::now();
        assert!(memory.resident > 0 && memory.percent() > 0.0 && memory.percent() < 100.0, "{memory:?}");
    }

    #[test]
    fn a_line_that_is_not_there_is_zero() {
        assert_eq!(kibibytes("VmSize: 12 kB\n", "VmRSS:"), 0);
    }
}

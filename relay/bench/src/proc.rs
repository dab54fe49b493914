//! What Linux tells of processes: time on a CPU and memory, proc(5).

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

/// CPU time, of user and system, that the threads of `pids` have had. Scheduler statistics count
/// nanoseconds where `stat` counts hundredths of seconds.
///
/// # Errors
/// If a process is gone.
pub(crate) fn cpu(pids: &[u32]) -> Result<Duration> {
    let mut nanos = 0;
    for pid in pids {
        for thread in fs::read_dir(format!("/proc/{pid}/task")).context("process is gone")? {
            // A thread may end while we look.
            nanos +=
                fs::read_to_string(thread?.path().join("schedstat")).map_or(0, |text| first_number(&text));
        }
    }
    Ok(Duration::from_nanos(nanos))
}

/// KB of memory of `pids`: pages that several processes share count once.
///
/// # Errors
/// If a process is gone.
pub(crate) fn memory(pids: &[u32]) -> Result<u64> {
    let mut kilobytes = 0;
    for pid in pids {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("process is gone")?;
        kilobytes += field(&text, "Pss:").context("smaps_rollup without Pss")?;
    }
    Ok(kilobytes)
}

/// `pid` and all processes below it.
pub(crate) fn family(pid: u32) -> Vec<u32> {
    let Ok(folders) = fs::read_dir("/proc") else { return vec![pid] };
    let all: Vec<_> = folders.filter_map(|folder| parentage(&folder.ok()?.path())).collect();
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(all.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    family
}

/// A process and its parent.
fn parentage(folder: &Path) -> Option<(u32, u32)> {
    let pid = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    Some((pid, parent_in(&stat)?))
}

/// The fourth field; the second one, the name, may hold spaces and parentheses.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

fn first_number(text: &str) -> u64 {
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(first_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent_in("12 (a) b (c)) S 7 12 12"), Some(7));
    }

    #[test]
    fn memory_is_the_field_of_that_name() {
        let text = "0-1 ---p 0 [rollup]\nRss:  1764 kB\nPss:   261 kB\nPss_Dirty: 112 kB\n";
        assert_eq!(field(text, "Pss:"), Some(261));
    }

    #[test]
    fn work_shows_in_the_time_on_the_cpu() {
        let me = [std::process::id()];
        let before = cpu(&me).unwrap();
        while cpu(&me).unwrap() - before < Duration::from_millis(1) {}
    }

    #[test]
    fn a_child_belongs_to_the_family() {
        let mut child = std::process::Command::new("sleep").arg("10").spawn().unwrap();
        let family = family(std::process::id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(family.contains(&child.id()));
    }
}

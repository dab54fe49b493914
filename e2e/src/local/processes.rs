//! Which processes of the machine belong to a cluster.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::cgroup;
use super::layout::Layout;
use crate::files;

/// Directory of the network namespaces that have a name (`ip-netns(8)`).
const NAMESPACES: &str = "/run/netns";

/// Files of the cluster's network namespaces.
pub fn namespaces(layout: &Layout) -> Vec<PathBuf> {
    let prefix = layout.prefix();
    let names = files::list(Path::new(NAMESPACES)).into_iter();
    names.filter(|name| name.starts_with(&prefix)).map(|name| Path::new(NAMESPACES).join(name)).collect()
}

/// Processes in the cluster's control groups or network namespaces. The caller and those that
/// wait for it are spared: a test may take down the cluster that it runs in.
pub fn members(layout: &Layout) -> BTreeSet<i32> {
    let mut found = cgroup::processes(layout);
    found.extend(in_namespaces(layout));
    let spared = caller_and_ancestors();
    found.retain(|pid| !spared.contains(pid));
    found
}

/// Processes whose command line names the cluster's files, the caller and its ancestors left out.
pub fn mentioning(layout: &Layout) -> BTreeSet<i32> {
    let state = layout.state().to_string_lossy().into_owned();
    let spared = caller_and_ancestors();
    all().filter(|pid| !spared.contains(pid) && command_line(*pid).contains(&state)).collect()
}

/// A process's command line, with spaces between the arguments; empty if it has ended.
pub fn command_line(pid: i32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim().to_owned()
}

fn in_namespaces(layout: &Layout) -> BTreeSet<i32> {
    let wanted: BTreeSet<_> = namespaces(layout).iter().filter_map(|file| identity(file)).collect();
    let own = |pid: i32| identity(Path::new(&format!("/proc/{pid}/ns/net")));
    all().filter(|pid| own(*pid).is_some_and(|namespace| wanted.contains(&namespace))).collect()
}

/// What tells one namespace from another: device and inode of its file (`namespaces(7)`).
fn identity(file: &Path) -> Option<(u64, u64)> {
    fs::metadata(file).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn all() -> impl Iterator<Item = i32> {
    files::list(Path::new("/proc")).into_iter().filter_map(|name| name.parse().ok())
}

fn caller_and_ancestors() -> BTreeSet<i32> {
    let mut line = BTreeSet::new();
    let mut next = i32::try_from(std::process::id()).ok();
    while let Some(pid) = next.filter(|pid| line.insert(*pid)) {
        next = parent(pid);
    }
    line
}

/// The fourth field of `/proc/PID/stat`; the second, in parentheses, may hold anything.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_ancestors_reaches_the_first_process() {
        assert!(caller_and_ancestors().contains(&1));
    }
}

//! What is left of a cluster on the machine: nothing, after it was taken down.

use std::fmt;

use super::layout::Layout;
use super::{cgroup, processes};
use crate::files;
use std::path::Path;

/// One thing that belongs to a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftover {
    /// A process: its id and command line.
    Process(i32, String),
    /// A network namespace, by its file.
    Namespace(String),
    /// A mount in the caller's mount namespace, as a line of `/proc/self/mountinfo`.
    Mount(String),
    /// A control group.
    Cgroup(String),
    /// The cluster's directory.
    State(String),
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(pid, command) => write!(f, "process {pid}: {command}"),
            Self::Namespace(file) => write!(f, "network namespace {file}"),
            Self::Mount(line) => write!(f, "mount {line}"),
            Self::Cgroup(path) => write!(f, "cgroup {path}"),
            Self::State(path) => write!(f, "directory {path}"),
        }
    }
}

/// Everything of the cluster that exists.
pub fn find(layout: &Layout) -> Vec<Leftover> {
    let mut found = Vec::new();
    let mut pids = processes::members(layout);
    pids.extend(processes::mentioning(layout));
    found.extend(pids.into_iter().map(|pid| Leftover::Process(pid, processes::command_line(pid))));
    let namespaces = processes::namespaces(layout);
    found.extend(namespaces.iter().map(|file| Leftover::Namespace(file.display().to_string())));
    found.extend(mounts(layout).into_iter().map(Leftover::Mount));
    found.extend(cgroup::groups(layout).iter().map(|group| Leftover::Cgroup(group.display().to_string())));
    if layout.state().exists() {
        found.push(Leftover::State(layout.state().display().to_string()));
    }
    found
}

fn mounts(layout: &Layout) -> Vec<String> {
    let table = files::read(Path::new("/proc/self/mountinfo")).unwrap_or_default();
    let state = layout.state().to_string_lossy().into_owned();
    let names = [layout.prefix(), state];
    table.lines().filter(|line| names.iter().any(|name| line.contains(name))).map(String::from).collect()
}

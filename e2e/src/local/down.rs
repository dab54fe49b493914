//! Taking a cluster down, whatever state it is in: up, half up, or left by a run that was killed.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::layout::Layout;
use super::{cgroup, processes};
use crate::command::Command;
use crate::error::{Error, Result};
use crate::wait;

const LIMIT: Duration = Duration::from_secs(30);

/// Ends the cluster's processes, then removes its namespaces, control groups and files.
///
/// Ends nothing else: only what is in the cluster's own control groups and network namespaces.
/// The mounts of the nodes go with the processes, whose mount namespaces held them.
pub fn clean(layout: &Layout) -> Result<()> {
    let log = layout.file("log");
    wait::until("the cluster's processes to end", LIMIT, &log, || {
        Ok((end_members(layout) == 0).then_some(()))
    })?;
    processes::namespaces(layout).iter().try_for_each(|file| remove_namespace(file))?;
    // One that was just being started may have been seen by nobody above.
    wait::until("the cluster's cgroups to become empty", LIMIT, &log, || {
        end_members(layout);
        Ok(cgroup::remove(layout).ok())
    })?;
    wait::until("the cluster's directory to become free", LIMIT, &log, || Ok(remove_state(layout).ok()))
}

/// Kills the cluster's processes, and tells how many there were.
fn end_members(layout: &Layout) -> usize {
    let members = processes::members(layout);
    for pid in &members {
        // It may have ended by itself meanwhile.
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
    members.len()
}

/// What `ip netns del` does, also where its `add` was interrupted before the mount.
fn remove_namespace(file: &Path) -> Result<()> {
    let mounted = Command::new("umount").arg("--lazy").arg(file).run();
    match fs::remove_file(file) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => mounted.and(Err(Error::file("remove", file)(error))),
    }
}

fn remove_state(layout: &Layout) -> Result<()> {
    match fs::remove_dir_all(layout.state()) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::file("remove", layout.state())(error))
        }
        _ => Ok(()),
    }
}

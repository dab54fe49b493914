//! Control groups of the cluster, in both layouts that Linux knows.
//!
//! Version 1 has a tree per controller, version 2 one for all. In both, every daemon is in the
//! cluster's own group and every pod below its node's, so that the groups tell for each process
//! on the machine whether it is the cluster's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

use super::layout::{Layout, Node};
use crate::error::{Error, Result};
use crate::files;

const MOUNT: &str = "/sys/fs/cgroup";
/// Controllers of version 2 that the kubelet wants below its root group, where the machine has them.
const CONTROLLERS: [&str; 6] = ["cpu", "cpuset", "memory", "hugetlb", "pids", "io"];

/// The machine's layout of control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// A tree per controller.
    One,
    /// One tree.
    Two,
}

impl Version {
    /// Which one this machine has.
    pub fn detect() -> Self {
        let unified = Path::new(MOUNT).join("cgroup.controllers").exists();
        if unified { Self::Two } else { Self::One }
    }

    /// Every tree that is mounted, also one beside those that the kubelet asks for.
    fn trees(self) -> Vec<PathBuf> {
        match self {
            Self::One => {
                files::list(Path::new(MOUNT)).iter().map(|tree| Path::new(MOUNT).join(tree)).collect()
            }
            Self::Two => vec![MOUNT.into()],
        }
    }

    /// The tree by which processes are found.
    fn index(self) -> PathBuf {
        match self {
            Self::One => Path::new(MOUNT).join("pids"),
            Self::Two => MOUNT.into(),
        }
    }
}

/// Makes the groups of the daemons and of each node.
pub fn create(layout: &Layout, nodes: &[Node]) -> Result<()> {
    let version = Version::detect();
    files::make_dir(&version.index().join(layout.daemons_cgroup()))?;
    if version == Version::Two {
        enable_controllers()?;
    }
    for node in nodes {
        for tree in version.trees() {
            files::make_dir(&tree.join(node.cgroup()))?;
        }
        if version == Version::One {
            give_all_processors(node)?;
        }
    }
    Ok(())
}

/// The file that takes a process into the daemons' group.
pub fn daemons_entry(layout: &Layout) -> PathBuf {
    Version::detect().index().join(layout.daemons_cgroup()).join("cgroup.procs")
}

/// Processes in any of the cluster's groups, the caller's own left out.
pub fn processes(layout: &Layout) -> BTreeSet<i32> {
    let index = Version::detect().index();
    let mut found = BTreeSet::new();
    for group in groups_in(&index, layout) {
        collect_processes(&group, &mut found);
    }
    found.remove(&Pid::this().as_raw());
    found
}

/// Top directories of the cluster's groups that exist, in every tree.
pub fn groups(layout: &Layout) -> Vec<PathBuf> {
    Version::detect().trees().iter().flat_map(|tree| groups_in(tree, layout)).collect()
}

/// Removes the groups, which have to be empty of processes.
pub fn remove(layout: &Layout) -> Result<()> {
    groups(layout).iter().try_for_each(|group| remove_tree(group))
}

fn groups_in(tree: &Path, layout: &Layout) -> Vec<PathBuf> {
    let prefix = layout.prefix();
    files::list(tree)
        .into_iter()
        .filter(|name| name.starts_with(&prefix))
        .map(|name| tree.join(name))
        .collect()
}

/// A group of version 2 has the controllers that its parent hands down.
fn enable_controllers() -> Result<()> {
    let root = Path::new(MOUNT);
    let available = files::read(&root.join("cgroup.controllers"))?;
    let wanted = available.split_whitespace().filter(|name| CONTROLLERS.contains(name));
    let list: Vec<_> = wanted.map(|name| format!("+{name}")).collect();
    files::write(&root.join("cgroup.subtree_control"), list.join(" "))
}

/// A new cpuset group of version 1 has no processor and no memory, and takes no process.
fn give_all_processors(node: &Node) -> Result<()> {
    let tree = Path::new(MOUNT).join("cpuset");
    for name in ["cpuset.cpus", "cpuset.mems"] {
        let all = files::read(&tree.join(name))?;
        files::write(&tree.join(node.cgroup()).join(name), all)?;
    }
    Ok(())
}

fn collect_processes(group: &Path, found: &mut BTreeSet<i32>) {
    let members = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    found.extend(members.lines().filter_map(|line| line.parse::<i32>().ok()));
    for child in children(group) {
        collect_processes(&child, found);
    }
}

fn remove_tree(group: &Path) -> Result<()> {
    children(group).iter().try_for_each(|child| remove_tree(child))?;
    match fs::remove_dir(group) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", group)(error))
        }
        _ => Ok(()),
    }
}

fn children(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

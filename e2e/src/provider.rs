//! Where a cluster comes from. The tests are the same for all.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::binaries::Binaries;
use crate::command::Command;
use crate::environment;
use crate::error::{Error, Result};
use crate::images;
use crate::local::layout::Layout;
use crate::local::leftovers::{self, Leftover};
use crate::local::up::Plan;
use crate::local::{container_runtime, down, network, up};
use crate::lock::Lock;
use crate::place::Place;
use crate::progress::Progress;
use crate::{files, kind};

/// A source of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Provider {
    /// Whatever `KUBECONFIG` leads to. It is used as it is and never taken down.
    Kubeconfig,
    /// Nodes as Docker containers.
    Kind,
    /// Nodes as network namespaces of this machine.
    Local,
}

impl Provider {
    /// The one asked for, else the one that this checkout's cluster came from, else kind where
    /// Docker and kind work, else local. A kubeconfig is used only when it is asked for.
    pub fn choose(place: &Place, asked: Option<Self>) -> Self {
        let remembered = || files::read(&memory(place)).ok().and_then(|name| Self::parse(&name));
        let detected = || if kind::is_available() { Self::Kind } else { Self::Local };
        asked.or_else(remembered).unwrap_or_else(detected)
    }

    /// The provider with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::from_str(name.trim(), true).ok()
    }

    /// Its name in `PROVIDER=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubeconfig => "kubeconfig",
            Self::Kind => "kind",
            Self::Local => "local",
        }
    }

    /// Brings a cluster of `nodes` nodes up, or finds it up.
    pub fn up(self, place: &Place, nodes: u8, progress: &Progress) -> Result<()> {
        let _lock = lock(place)?;
        files::write(&memory(place), self.name())?;
        match self {
            Self::Kubeconfig => Command::new("kubectl").args(["get", "--raw", "/readyz"]).run(),
            Self::Kind => kind::up(place, nodes),
            Self::Local => local_up(place, nodes, progress),
        }
    }

    /// Removes the cluster and all that it left, also where it never came up.
    pub fn down(self, place: &Place) -> Result<()> {
        let _lock = lock(place)?;
        match self {
            Self::Kubeconfig => {}
            Self::Kind => kind::down(place)?,
            Self::Local => needs_root()?,
        }
        if self != Self::Kubeconfig {
            down::clean(&Layout::of(place))?;
        }
        forget(place)
    }

    /// Makes the images of an OCI archive known to the cluster's nodes.
    pub fn load(self, place: &Place, archive: &Path) -> Result<()> {
        match self {
            Self::Kubeconfig => Ok(()),
            Self::Kind => kind::load(place, archive),
            Self::Local => local_load(&Layout::of(place), archive),
        }
    }

    /// A program that is to run where it reaches the cluster.
    pub fn inside(self, place: &Place) -> Command {
        match self {
            Self::Kubeconfig | Self::Kind => Command::new("env"),
            Self::Local => network::enter(&Layout::of(place).first()),
        }
    }

    /// What a person types for `kubectl`.
    pub fn kubectl(self, place: &Place) -> String {
        match self {
            Self::Kubeconfig => "kubectl".into(),
            Self::Kind => format!("KUBECONFIG={} kubectl", kind::kubeconfig(place).display()),
            Self::Local => place.cluster_state().join("kubectl").display().to_string(),
        }
    }

    /// What a program needs to know of the cluster, as environment variables.
    pub fn environment(self, place: &Place) -> Result<Vec<(&'static str, OsString)>> {
        let mut variables = vec![(environment::PROVIDER, self.name().into())];
        variables.extend(images::variables(place));
        match self {
            Self::Kubeconfig => {}
            Self::Kind => variables.push(("KUBECONFIG", kind::kubeconfig(place).into())),
            Self::Local => variables.extend(local_environment(place)?),
        }
        Ok(variables)
    }
}

/// All nodes at once: each unpacks the archive for itself.
fn local_load(layout: &Layout, archive: &Path) -> Result<()> {
    up::each_node(&layout.existing_nodes(), |node| container_runtime::import(node, archive))
}

/// Everything of this checkout's local cluster that exists on the machine.
pub fn leftovers(place: &Place) -> Vec<Leftover> {
    leftovers::find(&Layout::of(place))
}

fn local_up(place: &Place, nodes: u8, progress: &Progress) -> Result<()> {
    needs_root()?;
    let binaries = Binaries::build(place, progress)?;
    let layout = Layout::of(place);
    let plan = Plan { layout: &layout, nodes, binaries: &binaries };
    if up::is_up(&plan) {
        return Ok(());
    }
    let images = images::infrastructure(place, &binaries)?;
    progress.say("programs and base images are there");
    up::up(&plan, &images, progress)
}

fn local_environment(place: &Place) -> Result<[(&'static str, OsString); 3]> {
    let layout = Layout::of(place);
    if !layout.marker().exists() {
        return Err(Error::NoCluster("there is no cluster: run `cargo run -p e2e -- up` first".into()));
    }
    let mut path = Binaries::cached(place)?.directories().to_vec();
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(path).map_err(|error| Error::Prerequisite(format!("PATH: {error}")))?;
    Ok([
        ("KUBECONFIG", layout.admin().into()),
        (environment::AUDIT_LOG, layout.audit_log().into()),
        ("PATH", path),
    ])
}

fn needs_root() -> Result<()> {
    if nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    Err(Error::Prerequisite("the local cluster needs root: it makes namespaces and cgroups".into()))
}

fn lock(place: &Place) -> Result<Lock> {
    Lock::take(&place.cluster_state().with_extension("lock"), "this checkout's cluster")
}

/// Which provider the cluster came from, for the commands after `up`.
fn memory(place: &Place) -> PathBuf {
    place.cluster_state().with_extension("provider")
}

fn forget(place: &Place) -> Result<()> {
    match fs::remove_file(memory(place)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", &memory(place))(error))
        }
        _ => Ok(()),
    }
}

//! A cluster from `kind`, where there is Docker. Thin: kind does the work.
//!
//! The API server's audit log stays inside kind's container, so tests that count requests do not
//! run here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::Command;
use crate::error::Result;
use crate::files;
use crate::place::Place;

const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const CREATE_LIMIT: Duration = Duration::from_secs(600);
const LOAD_LIMIT: Duration = Duration::from_secs(300);

/// Whether both programs are there and Docker answers.
pub fn is_available() -> bool {
    let works = |program, argument| Command::new(program).arg(argument).limit(ANSWER_LIMIT).run().is_ok();
    works("kind", "version") && works("docker", "info")
}

/// Where the cluster's kubeconfig is.
pub fn kubeconfig(place: &Place) -> PathBuf {
    place.cluster_state().join("kind.conf")
}

/// Creates the cluster, or finds it.
pub fn up(place: &Place, nodes: u8) -> Result<()> {
    files::make_dir(&place.cluster_state())?;
    if Command::new("kind").args(["get", "clusters"]).output()?.lines().any(|line| line == name(place)) {
        return Ok(());
    }
    Command::new("kind")
        .args(["create", "cluster", "--config=-", "--wait=180s", "--name", &name(place), "--kubeconfig"])
        .arg(kubeconfig(place))
        .limit(CREATE_LIMIT)
        .input(&configuration(nodes))
        .map(drop)
}

/// Deletes the cluster.
pub fn down(place: &Place) -> Result<()> {
    Command::new("kind")
        .args(["delete", "cluster", "--name", &name(place), "--kubeconfig"])
        .arg(kubeconfig(place))
        .limit(CREATE_LIMIT)
        .run()
}

/// Makes the images of an OCI archive known to every node.
pub fn load(place: &Place, archive: &Path) -> Result<()> {
    let command = Command::new("kind").args(["load", "image-archive", "--name", &name(place)]);
    command.arg(archive).limit(LOAD_LIMIT).run()
}

fn name(place: &Place) -> String {
    format!("relay-{}", place.id())
}

/// The control plane's node takes pods too, so that `nodes` means the same as elsewhere.
fn configuration(nodes: u8) -> String {
    let control_plane = "- role: control-plane
  kubeadmConfigPatches:
  - |
    kind: InitConfiguration
    nodeRegistration:
      taints: []
";
    let workers = "- role: worker\n".repeat(usize::from(nodes.saturating_sub(1)));
    format!("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n{control_plane}{workers}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_three_has_one_control_plane_and_two_workers() {
        let config = configuration(3);
        let roles = ["- role: control-plane", "- role: worker"].map(|role| config.matches(role).count());
        assert_eq!(roles, [1, 2]);
    }
}

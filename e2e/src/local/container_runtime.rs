//! A node's containerd, and the images in it.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::daemon::Daemon;
use super::layout::{Layout, Node};
use super::network;
use crate::command::Command;
use crate::error::{Error, Result};
use crate::images::PAUSE;
use crate::{files, wait};

const INIT: &str = include_str!("node-init.sh");
const START_LIMIT: Duration = Duration::from_secs(30);
const IMPORT_LIMIT: Duration = Duration::from_secs(120);

/// Makes a node out of its network namespace: a host name, file system mounts and containerd.
pub fn start(layout: &Layout, node: &Node) -> Result<()> {
    files::make_dir(&node.file("net.d"))?;
    files::write(&node.file("net.d").join("10-pods.conflist"), pod_network(node)?)?;
    files::write(&node.file("containerd.toml"), configuration())?;
    let command = network::enter(node)
        .args(["unshare", "--mount", "--uts", "--propagation", "private"])
        .args(["bash", "-c", INIT, "node-init"])
        .arg(node.directory())
        .arg(node.name());
    let mut daemon = Daemon::start(layout, &node.daemon("containerd"), &command.into_arguments())?;
    files::write(&node.file("containerd.pid"), daemon.pid().to_string())?;
    let log = daemon.log().clone();
    let socket = node.file("run-containerd").join("containerd.sock");
    wait::until(&format!("containerd on {}", node.name()), START_LIMIT, &log, || {
        daemon.check()?;
        // Asked too early, `ctr` waits ten seconds before it tries again.
        let asked = socket.exists().then(|| Ok(enter(node)?.args(["ctr", "version"]).run().ok()));
        asked.transpose().map(Option::flatten)
    })
}

/// Runs a program inside a node: its network, mounts and host name.
///
/// It starts in `/`, so that only absolute paths mean anything to it.
pub fn enter(node: &Node) -> Result<Command> {
    let pid = files::read(&node.file("containerd.pid"))?;
    Ok(Command::new("nsenter").args(["--target", &pid, "--mount", "--net", "--uts", "--"]))
}

/// Makes the images of an OCI archive known to a node.
pub fn import(node: &Node, archive: &Path) -> Result<()> {
    let command = enter(node)?.args(["ctr", "--namespace", "k8s.io", "images", "import"]);
    command.arg(archive).limit(IMPORT_LIMIT).run()
}

fn configuration() -> String {
    format!(
        r#"version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  # Lowering a score takes a capability that a container as machine may lack.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"#
    )
}

/// Pods of a node are on a bridge of their own; the nodes route between them.
fn pod_network(node: &Node) -> Result<String> {
    let network = json!({
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "pods0",
                "isGateway": true,
                "ipMasq": false,
                "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": node.pods()}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true},
        ],
    });
    serde_json::to_string_pretty(&network).map_err(Error::document("the pod network"))
}

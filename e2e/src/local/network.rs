//! The nodes' network: one namespace per node, and one more with the bridge that joins them.
//!
//! Nothing leads out of it: neither the machine's network nor the internet can be reached from a
//! node or a pod, and nothing outside reaches them.

use super::layout::{Layout, Node};
use crate::command::Command;
use crate::error::Result;
use crate::kubernetes::flags::SERVICES;

/// Makes the switch and a namespace for each node, wired and routed.
pub fn create(layout: &Layout, nodes: &[Node]) -> Result<()> {
    let switch = layout.switch_namespace();
    let mut outside = format!("netns add {switch}\n");
    for node in nodes {
        outside += &format!("netns add {}\n", node.namespace());
    }
    batch(&[], &outside)?;
    batch(&["-n", &switch], &switch_setup(nodes))?;
    nodes.iter().try_for_each(|node| connect(node, nodes))
}

/// Cuts a node off, or connects it again.
pub fn set_cable(node: &Node, connected: bool) -> Result<()> {
    let state = if connected { "up" } else { "down" };
    let switch = node.layout().switch_namespace();
    Command::new("ip").args(["-n", &switch, "link", "set", &node.port(), state]).run()
}

/// Runs a program in a node's network, seeing everything else of the machine as it is.
///
/// Not `ip netns exec`: that mounts another `/sys`, without the cgroups.
pub fn enter(node: &Node) -> Command {
    Command::new("nsenter").arg(format!("--net={}", node.namespace_file().display())).arg("--")
}

fn switch_setup(nodes: &[Node]) -> String {
    let mut lines = String::from("link set lo up\nlink add bridge type bridge\nlink set bridge up\n");
    for node in nodes {
        let (port, namespace) = (node.port(), node.namespace());
        lines += &format!("link add {port} type veth peer name eth0 netns {namespace}\n");
        lines += &format!("link set {port} master bridge up\n");
    }
    lines
}

fn connect(node: &Node, nodes: &[Node]) -> Result<()> {
    let mut lines = format!("link set lo up\naddr add {}/24 dev eth0\nlink set eth0 up\n", node.address());
    // There is no default route, so without this one a daemon of the node could not even try to
    // reach a Service, and kube-proxy's rules would never see the packet.
    lines += &format!("route add {SERVICES} dev eth0\n");
    for other in nodes.iter().filter(|other| other.name() != node.name()) {
        lines += &format!("route add {} via {}\n", other.pods(), other.address());
    }
    batch(&["-n", &node.namespace()], &lines)?;
    enter(node).args(["sysctl", "-qw", "net.ipv4.ip_forward=1"]).run()
}

fn batch(options: &[&str], lines: &str) -> Result<()> {
    Command::new("ip").args(options).args(["-batch", "-"]).input(lines).map(drop)
}

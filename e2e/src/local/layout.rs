//! Names and addresses of one local cluster. Pure: nothing here touches the machine.
//!
//! Every name that the whole machine can see (namespaces, cgroups, directories) carries the
//! cluster's id. Addresses need not: each cluster's network is a world of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use crate::files;
use crate::place::Place;

/// Addresses of pods; each node has a /24 of it.
pub const PODS: &str = "10.244.0.0/16";
/// Port of the API server.
pub const API_PORT: u16 = 6443;

/// One cluster's names.
#[derive(Debug, Clone)]
pub struct Layout {
    state: PathBuf,
    id: String,
}

impl Layout {
    /// The cluster of this checkout.
    pub fn of(place: &Place) -> Self {
        Self { state: place.cluster_state(), id: place.id() }
    }

    /// What every name that is visible on the machine starts with.
    pub fn prefix(&self) -> String {
        format!("relay-{}", self.id)
    }

    /// The directory that holds all of the cluster's files.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// A file or directory of the cluster.
    pub fn file(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    /// Log of a daemon.
    pub fn log(&self, daemon: &str) -> PathBuf {
        self.state.join("log").join(format!("{daemon}.log"))
    }

    /// Kubeconfig of one of the cluster's users.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.state.join("config").join(format!("{user}.conf"))
    }

    /// The administrator's kubeconfig.
    pub fn admin(&self) -> PathBuf {
        self.kubeconfig("admin")
    }

    /// The API server's audit log.
    pub fn audit_log(&self) -> PathBuf {
        self.state.join("log").join("audit.log")
    }

    /// Exists from the moment that the cluster is up; holds the number of nodes.
    pub fn marker(&self) -> PathBuf {
        self.state.join("up")
    }

    /// The network namespace that holds nothing but the bridge between the nodes.
    pub fn switch_namespace(&self) -> String {
        format!("{}-switch", self.prefix())
    }

    /// The cgroup of the cluster's daemons.
    pub fn daemons_cgroup(&self) -> String {
        format!("{}-daemons", self.prefix())
    }

    /// Node number `number`, from 1 up.
    pub fn node(&self, number: u8) -> Node {
        Node { layout: self.clone(), number }
    }

    /// The nodes of a cluster that exists, by their directories.
    pub fn existing_nodes(&self) -> Vec<Node> {
        let names = files::list(&self.state).into_iter();
        let numbers = names.filter_map(|name| name.strip_prefix("node")?.parse().ok());
        numbers.map(|number| self.node(number)).collect()
    }

    /// The node that also runs the control plane.
    pub fn first(&self) -> Node {
        self.node(1)
    }

    /// URL of the API server as all nodes see it.
    pub fn api_url(&self) -> String {
        format!("https://{}:{API_PORT}", self.first().address())
    }
}

/// One node's names.
#[derive(Debug, Clone)]
pub struct Node {
    layout: Layout,
    number: u8,
}

impl Node {
    /// The cluster that it belongs to.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Name of the `Node` object, and the host name inside it.
    pub fn name(&self) -> String {
        format!("node{}", self.number)
    }

    /// Address on the nodes' network.
    pub fn address(&self) -> IpAddr {
        Ipv4Addr::new(10, 250, 0, 10 + self.number).into()
    }

    /// Addresses of the pods on this node.
    pub fn pods(&self) -> String {
        format!("10.244.{}.0/24", self.number)
    }

    /// Network namespace.
    pub fn namespace(&self) -> String {
        format!("{}-{}", self.layout.prefix(), self.name())
    }

    /// The file that stands for the network namespace.
    pub fn namespace_file(&self) -> PathBuf {
        Path::new("/run/netns").join(self.namespace())
    }

    /// The cgroup below which the kubelet puts pods.
    pub fn cgroup(&self) -> String {
        self.namespace()
    }

    /// The other end of the node's network cable, in the switch's namespace.
    pub fn port(&self) -> String {
        format!("port{}", self.number)
    }

    /// The directory that holds all of the node's files.
    pub fn directory(&self) -> PathBuf {
        self.layout.state.join(self.name())
    }

    /// A file or directory of the node.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Name of one of this node's daemons.
    pub fn daemon(&self, program: &str) -> String {
        format!("{program}-{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(id: &str) -> Layout {
        Layout { state: Path::new("/cache/clusters").join(id), id: id.into() }
    }

    #[test]
    fn every_name_that_the_machine_sees_carries_the_id() {
        let one = layout("0a1b2c3d");
        let names =
            [one.switch_namespace(), one.daemons_cgroup(), one.first().namespace(), one.first().cgroup()];
        assert!(names.iter().all(|name| name.starts_with("relay-0a1b2c3d-")), "{names:?}");
    }

    #[test]
    fn names_of_interfaces_are_as_short_as_linux_asks() {
        assert!(layout("0a1b2c3d").node(9).port().len() < 16);
    }

    #[test]
    fn nodes_have_addresses_and_pods_of_their_own() {
        let [one, two] = [1, 2].map(|number| layout("0a1b2c3d").node(number));
        assert!(one.address() != two.address() && one.pods() != two.pods());
    }
}

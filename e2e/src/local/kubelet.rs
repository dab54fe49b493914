//! A node's kubelet and kube-proxy. Both see the mounts that containerd sees.

use serde_json::{Value, json};

use super::container_runtime::enter;
use super::daemon::Daemon;
use super::layout::{Layout, Node, PODS};
use crate::binaries::Binaries;
use crate::error::{Error, Result};
use crate::files;

/// Starts the kubelet, which registers the node.
pub(super) fn start(layout: &Layout, node: &Node, binaries: &Binaries) -> Result<Daemon> {
    let config = write(node, "kubelet.json", &kubelet(layout, node))?;
    let command = enter(node)?
        .arg(binaries.path("kubelet")?)
        .arg(config)
        .arg(format!("--kubeconfig={}", layout.kubeconfig(&node.name()).display()))
        .arg(format!("--hostname-override={}", node.name()))
        .arg(format!("--node-ip={}", node.address()))
        .args(["--cert-dir=/var/lib/kubelet/pki", "--v=2"]);
    Daemon::start(layout, &node.daemon("kubelet"), &command.into_arguments())
}

/// Starts kube-proxy, which gives up on a node that is not registered yet.
pub(super) fn start_proxy(layout: &Layout, node: &Node, binaries: &Binaries) -> Result<Daemon> {
    let config = write(node, "kube-proxy.json", &proxy(layout, node))?;
    let command = enter(node)?.arg(binaries.path("kube-proxy")?).arg(config).arg("--v=2");
    Daemon::start(layout, &node.daemon("kube-proxy"), &command.into_arguments())
}

fn write(node: &Node, name: &str, config: &Value) -> Result<String> {
    let path = node.file(name);
    files::write(&path, serde_json::to_string_pretty(config).map_err(Error::document(name))?)?;
    Ok(format!("--config={}", path.display()))
}

fn kubelet(layout: &Layout, node: &Node) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": layout.file("pki").join("ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{}", node.cgroup()),
        "failCgroupV1": false,
        "failSwapOn": false,
        "enforceNodeAllocatable": ["none"],
        "resolvConf": "",
        "clusterDomain": "cluster.local",
        "clusterDNS": [layout.first().address()],
        // All nodes share one disk and containerd may not say which image is the pause image:
        // neither images nor pods may ever be removed because of the disk.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
        },
        "rotateCertificates": false,
        "nodeStatusUpdateFrequency": "4s",
        "nodeLeaseDurationSeconds": 12,
        "syncFrequency": "10s",
        "maxPods": 60,
        "maxOpenFiles": 20000,
        "oomScoreAdj": 0,
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        "featureGates": {"MemoryQoS": false, "PodAndContainerStatsFromCRI": false},
    })
}

fn proxy(layout: &Layout, node: &Node) -> Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": layout.kubeconfig("kube-proxy")},
        "hostnameOverride": node.name(),
        "mode": "nftables",
        "clusterCIDR": PODS,
        "oomScoreAdj": 0,
        // These can be set in the machine's first network namespace only.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    })
}

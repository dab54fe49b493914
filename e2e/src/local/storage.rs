//! Volumes: directories of the nodes, as a default StorageClass.
//!
//! A claim is bound when its pod is placed, and its data stays with that node, as on real local
//! disks. A volume serves one claim in its life, so there are more than any test run needs.

use serde_json::{Value, json};

use super::control_plane::kubectl;
use super::layout::{Layout, Node};
use crate::binaries::Binaries;
use crate::error::{Error, Result};
use crate::files;

const CLASS: &str = "local";
const VOLUMES_PER_NODE: usize = 16;

/// Makes the directories and tells the cluster of them.
pub(super) fn create(layout: &Layout, nodes: &[Node], binaries: &Binaries) -> Result<()> {
    let mut items = vec![class()];
    for node in nodes {
        for number in 1..=VOLUMES_PER_NODE {
            let directory = format!("volumes/{number}");
            files::make_dir(&node.file(&directory))?;
            items.push(volume(node, number, &directory));
        }
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let text = serde_json::to_string(&list).map_err(Error::document("the list of volumes"))?;
    kubectl(layout, binaries)?.args(["create", "--filename=-"]).input(&text).map(drop)
}

fn class() -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    })
}

fn volume(node: &Node, number: usize, directory: &str) -> Value {
    let here = json!([{"key": "kubernetes.io/hostname", "operator": "In", "values": [node.name()]}]);
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": format!("{}-{number}", node.name())},
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": CLASS,
            "local": {"path": node.file(directory)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": here}]}},
        },
    })
}

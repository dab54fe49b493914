//! A cluster whose nodes are simulated: API server, controller manager, scheduler, and kwok, which
//! says of each pod that it runs. Nothing runs in it; all that an operator sees is real.
//!
//! Pods get addresses of [`PODS`], all of which are this machine's own where a network namespace
//! has been prepared for that (see `make scale`): whoever listens on all addresses is every pod.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

use crate::apiserver::{ApiServer, Shape};
use crate::binaries::Binaries;
use crate::error::{Error, Result};
use crate::held::Held;
use crate::kubernetes::flags::SERVICES;
use crate::place::Place;

/// Addresses of pods.
pub const PODS: &str = "10.128.0.0/9";
/// Address of the API server and of all nodes.
const NODE: Ipv4Addr = Ipv4Addr::new(10, 128, 0, 1);
/// Pods that a node takes.
const PODS_OF_A_NODE: usize = 250;

/// A running cluster. All of it ends when it is dropped.
#[derive(Debug)]
pub struct Simulated {
    // In this order: the API server ends last.
    _kwok: Held,
    _scheduler: Held,
    _manager: Held,
    server: ApiServer,
}

impl Simulated {
    /// Starts a cluster that takes `pods` pods and keeps an audit log of one user.
    ///
    /// # Errors
    /// [`Error::Prerequisite`] if the programs were never built, and what starting them comes to.
    pub async fn start(pods: usize, audited: &str) -> Result<Self> {
        let shape = Shape { advertise: Some(NODE), audited: Some(audited.to_owned()) };
        let server = ApiServer::start_as(shape).await?;
        let place = Place::find()?;
        let binaries = Binaries::cached_simulated(&place)?;
        let start = |program: &str, flags: Vec<String>| {
            let log = server.directory().join(format!("{program}.log"));
            Held::start(&binaries.path(program)?, &flags, &log)
        };
        let manager = start("kube-controller-manager", manager(&server))?;
        let scheduler = start("kube-scheduler", component(&server))?;
        let kwok = start("kwok", kwok(&server, &place))?;
        let client = server.client().await?;
        rights(&client).await?;
        make_nodes(&client, pods.div_ceil(PODS_OF_A_NODE).max(3)).await?;
        Ok(Self { _kwok: kwok, _scheduler: scheduler, _manager: manager, server })
    }

    /// The API server.
    pub fn server(&self) -> &ApiServer {
        &self.server
    }
}

/// What all components have in common. There is one of each, so none needs to be elected, and the
/// usual limits of their requests would be what is measured.
fn component(server: &ApiServer) -> Vec<String> {
    let config = server.kubeconfig();
    vec![
        format!("--kubeconfig={}", config.display()),
        format!("--authentication-kubeconfig={}", config.display()),
        format!("--authorization-kubeconfig={}", config.display()),
        "--bind-address=127.0.0.1".into(),
        "--leader-elect=false".into(),
        "--kube-api-qps=2000".into(),
        "--kube-api-burst=4000".into(),
    ]
}

fn manager(server: &ApiServer) -> Vec<String> {
    let pki = |file: &str| server.directory().join("pki").join(file).display().to_string();
    let mut flags = component(server);
    flags.extend([
        format!("--service-account-private-key-file={}", pki("sa.key")),
        format!("--root-ca-file={}", pki("ca.crt")),
        "--use-service-account-credentials=true".into(),
        format!("--service-cluster-ip-range={SERVICES}"),
        format!("--cluster-cidr={PODS}"),
        "--allocate-node-cidrs=false".into(),
        // At the defaults the StatefulSets of all clusters would pass through five hands.
        "--concurrent-deployment-syncs=20".into(),
        "--concurrent-replicaset-syncs=20".into(),
        "--concurrent-statefulset-syncs=20".into(),
    ]);
    flags
}

fn kwok(server: &ApiServer, place: &Place) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", server.kubeconfig().display()),
        "--manage-all-nodes=true".into(),
        format!("--cidr={PODS}"),
        format!("--node-ip={NODE}"),
        format!("--config={}", place.source("stages.yaml").display()),
        "--node-lease-duration-seconds=40".into(),
    ]
}

/// Waits until the API server has made the rights that everybody has: it tells that it is ready
/// to administrators before.
async fn rights(client: &Client) -> Result<()> {
    let bindings = Api::<ClusterRoleBinding>::all(client.clone());
    let made = async {
        while !matches!(bindings.get_opt("system:discovery").await, Ok(Some(_))) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let late = |_| Error::Client("the API server made no rights within 60 s".to_owned());
    tokio::time::timeout(Duration::from_secs(60), made).await.map_err(late)
}

async fn make_nodes(client: &Client, count: usize) -> Result<()> {
    let nodes = Api::<Node>::all(client.clone());
    let failed = |error: kube::Error| Error::Client(error.to_string());
    let amounts = BTreeMap::from([
        ("cpu", "1000".to_owned()),
        ("memory", "4Ti".to_owned()),
        ("pods", PODS_OF_A_NODE.to_string()),
    ]);
    for number in 1..=count {
        let name = format!("simulated-{number}");
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {
                    "kubernetes.io/hostname": name,
                    "topology.kubernetes.io/zone": format!("zone-{}", number % 3),
                },
            },
        });
        let node = serde_json::from_value(node).map_err(Error::document("a node"))?;
        nodes.create(&PostParams::default(), &node).await.map_err(failed)?;
        let status = json!({ "status": { "capacity": amounts, "allocatable": amounts } });
        nodes.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.map_err(failed)?;
    }
    Ok(())
}

//! Bringing a cluster up, in an order where everything that can happen at once does.

use std::thread;
use std::time::Duration;

use super::layout::{Layout, Node};
use super::{cgroup, container_runtime, control_plane, down, kubelet, leftovers, network, storage, wrappers};
use crate::binaries::Binaries;
use crate::command::Command;
use crate::error::{Error, Result};
use crate::images::Archive;
use crate::kubernetes::pki::Pki;
use crate::progress::Progress;
use crate::{files, wait};

const REGISTER_LIMIT: Duration = Duration::from_secs(60);
const READY_LIMIT: Duration = Duration::from_secs(120);
/// Daemons and pods of one machine need more of these than most systems allow by default.
const WATCHES: &str = "/proc/sys/fs/inotify/max_user_instances";
const WATCHES_NEEDED: u32 = 1024;

/// What a cluster is made of.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Its names.
    pub layout: &'a Layout,
    /// How many nodes, from 1 to 9.
    pub nodes: u8,
    /// The programs that run it.
    pub binaries: &'a Binaries,
}

/// Brings the cluster up, with `images` on every node from the start. What an earlier run left is
/// removed first.
pub fn up(plan: &Plan<'_>, images: &[Archive], progress: &Progress) -> Result<()> {
    let layout = plan.layout;
    if !leftovers::find(layout).is_empty() {
        down::clean(layout)?;
        progress.say("removed what an earlier run left behind");
    }
    let nodes: Vec<_> = (1..=plan.nodes).map(|number| layout.node(number)).collect();
    let pki = prepare(layout, &nodes)?;
    progress.say("network, control groups and certificates are there");
    start_all(plan, &nodes, images, &pki, progress)?;
    storage::create(layout, &nodes, plan.binaries)?;
    wrappers::write(layout, plan.binaries)?;
    files::replace(&layout.marker(), signature(plan))
}

/// What the marker says: another number of nodes or other programs make another cluster.
fn signature(plan: &Plan<'_>) -> String {
    format!("{} {:?}\n", plan.nodes, plan.binaries.directories())
}

/// Whether this very cluster runs and its nodes are Ready.
pub fn is_up(plan: &Plan<'_>) -> bool {
    let same = files::read(&plan.layout.marker()).is_ok_and(|marker| marker == signature(plan));
    let ready =
        || control_plane::kubectl(plan.layout, plan.binaries).and_then(|kubectl| nodes_ready(kubectl, 5));
    same && ready().is_ok()
}

fn prepare(layout: &Layout, nodes: &[Node]) -> Result<Pki> {
    allow_watches()?;
    files::make_dir(&layout.file("log"))?;
    for node in nodes {
        files::make_dir(&node.directory())?;
    }
    cgroup::create(layout, nodes)?;
    network::create(layout, nodes)?;
    control_plane::write_identities(layout, nodes)
}

/// Control plane and nodes start side by side and meet when the kubelets register.
fn start_all(
    plan: &Plan<'_>,
    nodes: &[Node],
    images: &[Archive],
    pki: &Pki,
    progress: &Progress,
) -> Result<()> {
    let (layout, binaries) = (plan.layout, plan.binaries);
    let mut daemons = thread::scope(|scope| {
        let prepare = |node: &Node| prepare_node(layout, node, images);
        let runtimes = scope.spawn(move || each_node(nodes, prepare));
        control_plane::start_api(layout, pki, binaries)?;
        progress.say("the API server answers");
        let controllers = control_plane::start_controllers(layout, pki, binaries)?;
        joined(runtimes)?;
        Ok::<_, Error>(controllers)
    })?;
    progress.say(format_args!("containerd runs on {} nodes and has {} images", nodes.len(), images.len()));
    for node in nodes {
        daemons.push(kubelet::start(layout, node, binaries)?);
    }
    let kubectl = control_plane::kubectl(layout, binaries)?;
    for node in nodes {
        wait_until(&mut daemons, &format!("{} to register", node.name()), REGISTER_LIMIT, layout, || {
            kubectl.clone().args(["get", "node", &node.name()]).run()
        })?;
        daemons.push(kubelet::start_proxy(layout, node, binaries)?);
    }
    wait_until(&mut daemons, "all nodes to become Ready", READY_LIMIT, layout, || {
        nodes_ready(kubectl.clone(), 2)
    })?;
    progress.say(format_args!("nodes are Ready ({})", nodes.len()));
    wait_until(&mut daemons, "the first service account", READY_LIMIT, layout, || {
        kubectl.clone().args(["get", "serviceaccount", "default"]).run()
    })
}

fn prepare_node(layout: &Layout, node: &Node, images: &[Archive]) -> Result<()> {
    container_runtime::start(layout, node)?;
    images.iter().try_for_each(|image| container_runtime::import(node, &image.path))
}

/// Does the same for every node at the same time.
pub fn each_node(nodes: &[Node], act: impl Fn(&Node) -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> = nodes.iter().map(|node| scope.spawn(move || act(node))).collect();
        threads.into_iter().try_for_each(joined)
    })
}

fn joined(handle: thread::ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    handle.join().unwrap_or_else(|_| Err(Error::NoCluster("a node's preparation was cut short".into())))
}

fn nodes_ready(kubectl: Command, seconds: u32) -> Result<()> {
    let timeout = format!("--timeout={seconds}s");
    kubectl.args(["wait", "--for=condition=Ready", "node", "--all", &timeout]).run()
}

/// Waits for `check`, and gives up at once when one of the daemons ends.
fn wait_until(
    daemons: &mut [super::daemon::Daemon],
    what: &str,
    limit: Duration,
    layout: &Layout,
    check: impl Fn() -> Result<()>,
) -> Result<()> {
    wait::until(what, limit, &layout.file("log"), || {
        daemons.iter_mut().try_for_each(|daemon| daemon.check())?;
        Ok(check().ok())
    })
}

fn allow_watches() -> Result<()> {
    let path = std::path::Path::new(WATCHES);
    let enough = files::read(path)?.trim().parse::<u32>().is_ok_and(|limit| limit >= WATCHES_NEEDED);
    if enough { Ok(()) } else { files::write(path, WATCHES_NEEDED.to_string()) }
}

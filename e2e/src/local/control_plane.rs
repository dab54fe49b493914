//! etcd, API server, controller manager, scheduler and CoreDNS, all in the first node's network.

use std::time::Duration;

use super::daemon::Daemon;
use super::layout::{API_PORT, Layout, Node, PODS};
use super::{dns, network};
use crate::binaries::Binaries;
use crate::command::Command;
use crate::error::Result;
use crate::kubernetes::flags::{self, API_SERVICE, SERVICES};
use crate::kubernetes::identity::{ADMINISTRATORS, Identity, KUBELETS, write_kubeconfig, write_tokens};
use crate::kubernetes::{audit, pki::Pki};
use crate::{files, wait};

const ETCD_PORT: u16 = 2379;
const ETCD_PEER_PORT: u16 = 2380;
const START_LIMIT: Duration = Duration::from_secs(120);

/// Makes keys, tokens and kubeconfigs for everyone who talks to the API server.
pub(super) fn write_identities(layout: &Layout, nodes: &[Node]) -> Result<Pki> {
    let addresses = [layout.first().address(), [127, 0, 0, 1].into(), API_SERVICE.into()];
    let pki = Pki::create(&layout.file("pki"), &addresses)?;
    let mut users = vec![
        ("admin".to_owned(), Identity::new("admin", Some(ADMINISTRATORS))),
        ("coredns".to_owned(), Identity::new("coredns", Some(ADMINISTRATORS))),
    ];
    for component in ["kube-controller-manager", "kube-scheduler", "kube-proxy"] {
        users.push((component.to_owned(), Identity::new(format!("system:{component}"), None)));
    }
    for node in nodes {
        let name = node.name();
        users.push((name.clone(), Identity::new(format!("system:node:{name}"), Some(KUBELETS))));
    }
    files::make_dir(&layout.file("config"))?;
    for (file, identity) in &users {
        write_kubeconfig(layout.kubeconfig(file), &layout.api_url(), &pki, identity)?;
    }
    let identities: Vec<_> = users.iter().map(|(_, identity)| identity).collect();
    write_tokens(&layout.file("tokens.csv"), &identities)?;
    Ok(pki)
}

/// Starts etcd and the API server, and waits until the API answers.
pub(super) fn start_api(layout: &Layout, pki: &Pki, binaries: &Binaries) -> Result<()> {
    let etcd = flags::etcd(&layout.file("etcd"), ETCD_PORT, ETCD_PEER_PORT);
    let mut etcd = start(layout, binaries, "etcd", etcd)?;
    let mut apiserver = start(layout, binaries, "kube-apiserver", apiserver_flags(layout, pki)?)?;
    let log = apiserver.log().clone();
    wait::until("the API server", START_LIMIT, &log, || {
        etcd.check()?;
        apiserver.check()?;
        Ok(kubectl(layout, binaries)?.args(["get", "--raw", "/readyz"]).run().ok())
    })
}

/// Starts what acts on the API's content.
pub(super) fn start_controllers(layout: &Layout, pki: &Pki, binaries: &Binaries) -> Result<Vec<Daemon>> {
    let manager = controller_manager_flags(layout, pki);
    let scheduler = client_flags(layout, "kube-scheduler");
    let corefile = dns::write_corefile(layout)?;
    Ok(vec![
        start(layout, binaries, "kube-controller-manager", manager)?,
        start(layout, binaries, "kube-scheduler", scheduler)?,
        start(layout, binaries, "coredns", vec!["-conf".into(), corefile.display().to_string()])?,
    ])
}

/// kubectl as administrator, in the first node's network.
pub(super) fn kubectl(layout: &Layout, binaries: &Binaries) -> Result<Command> {
    let command = network::enter(&layout.first()).arg(binaries.path("kubectl")?);
    Ok(command.arg("--kubeconfig").arg(layout.admin()))
}

fn start(layout: &Layout, binaries: &Binaries, program: &str, flags: Vec<String>) -> Result<Daemon> {
    let command = network::enter(&layout.first()).arg(binaries.path(program)?).args(flags);
    Daemon::start(layout, program, &command.into_arguments())
}

fn apiserver_flags(layout: &Layout, pki: &Pki) -> Result<Vec<String>> {
    let mut flags = flags::apiserver(pki, &layout.file("tokens.csv"), &layout.file("apiserver"), ETCD_PORT);
    flags.extend(audit::flags(layout.file("audit-policy.json"), &layout.audit_log(), None)?);
    flags.extend([
        "--bind-address=0.0.0.0".into(),
        format!("--secure-port={API_PORT}"),
        format!("--advertise-address={}", layout.first().address()),
        // A test of a lost node should not take five minutes.
        "--default-not-ready-toleration-seconds=5".into(),
        "--default-unreachable-toleration-seconds=5".into(),
    ]);
    Ok(flags)
}

fn controller_manager_flags(layout: &Layout, pki: &Pki) -> Vec<String> {
    let mut flags = client_flags(layout, "kube-controller-manager");
    let files = [
        ("service-account-private-key-file", "sa.key"),
        ("root-ca-file", "ca.crt"),
        ("cluster-signing-cert-file", "ca.crt"),
        ("cluster-signing-key-file", "ca.key"),
    ];
    flags.extend(files.map(|(flag, file)| format!("--{flag}={}", pki.path(file).display())));
    flags.extend([
        "--use-service-account-credentials=true".into(),
        // At the default rate, starting all controllers takes five seconds.
        "--kube-api-qps=500".into(),
        "--kube-api-burst=1000".into(),
        format!("--service-cluster-ip-range={SERVICES}"),
        format!("--cluster-cidr={PODS}"),
        "--allocate-node-cidrs=false".into(),
        "--node-monitor-period=2s".into(),
        "--node-monitor-grace-period=16s".into(),
    ]);
    flags
}

/// Flags that the controller manager and the scheduler have in common. There is one of each, so
/// that neither needs to be elected.
fn client_flags(layout: &Layout, user: &str) -> Vec<String> {
    let config = layout.kubeconfig(user);
    let config = config.display();
    vec![
        format!("--kubeconfig={config}"),
        format!("--authentication-kubeconfig={config}"),
        format!("--authorization-kubeconfig={config}"),
        "--bind-address=127.0.0.1".into(),
        "--leader-elect=false".into(),
    ]
}

//! A real kube-apiserver with its etcd and nothing else: no kubelet, no controller. An operator's
//! reads, writes, watches and rejections are all there; pods never run.
//!
//! Each value is a server of its own, on free ports of the loopback interface, and any number of
//! them can run side by side. Its processes end when it is dropped, when a test panics, and also
//! when the test process is killed.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use tempfile::TempDir;

use crate::binaries::Binaries;
use crate::cluster::use_one_crypto_provider;
use crate::error::{Error, Result};
use crate::files;
use crate::held::Held;
use crate::kubernetes::identity::{ADMINISTRATORS, Identity, write_kubeconfig, write_tokens};
use crate::kubernetes::{audit, flags, pki::Pki};
use crate::place::Place;

const START_LIMIT: Duration = Duration::from_secs(60);

/// Where a server differs from the common one.
#[derive(Debug, Default)]
pub struct Shape {
    /// Address that its Service leads to, where this machine's network tells none.
    pub advertise: Option<Ipv4Addr>,
    /// The only user whose requests are audited; all are without one.
    pub audited: Option<String>,
}

/// A running API server.
#[derive(Debug)]
pub struct ApiServer {
    // In this order: the API server ends before its etcd, and both before their directory goes.
    _apiserver: Held,
    _etcd: Held,
    directory: TempDir,
    port: u16,
}

impl ApiServer {
    /// Starts a server from the cached binaries and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Prerequisite`] if the binaries were never built.
    pub async fn start() -> Result<Self> {
        Self::start_as(Shape::default()).await
    }

    /// Starts a server of this shape.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_as(shape: Shape) -> Result<Self> {
        let starting = tokio::task::spawn_blocking(move || Self::launch(&shape));
        let server = starting.await.map_err(|error| Error::NoCluster(error.to_string()))??;
        server.become_ready().await?;
        Ok(server)
    }

    /// A client with the administrator's rights.
    pub async fn client(&self) -> Result<kube::Client> {
        kube::Client::try_from(self.config().await?).map_err(|error| Error::Client(error.to_string()))
    }

    /// The administrator's configuration, to change before a client is made of it.
    pub async fn config(&self) -> Result<kube::Config> {
        use_one_crypto_provider();
        let failed = |error: kube::config::KubeconfigError| Error::Client(error.to_string());
        let kubeconfig = Kubeconfig::read_from(self.kubeconfig()).map_err(failed)?;
        let options = KubeConfigOptions::default();
        kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(failed)
    }

    /// The administrator's kubeconfig, for a program.
    pub fn kubeconfig(&self) -> PathBuf {
        self.directory.path().join("admin.conf")
    }

    /// The audit log; see [`Cluster::audit_log`](crate::cluster::Cluster::audit_log).
    pub fn audit_log(&self) -> PathBuf {
        self.directory.path().join("audit.log")
    }

    /// The server's URL.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The folder of all its files; `pki` in it has what the controller manager signs with.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn launch(shape: &Shape) -> Result<Self> {
        let binaries = Binaries::cached(&Place::find()?)?;
        let directory =
            tempfile::tempdir().map_err(Error::file("create", Path::new("a temporary directory")))?;
        let [etcd_port, peer_port, port] = free_ports()?;
        let path = directory.path();
        let etcd = flags::etcd(&path.join("etcd"), etcd_port, peer_port);
        let etcd = Held::start(&binaries.path("etcd")?, &etcd, &path.join("etcd.log"))?;
        let apiserver = Self::flags(path, etcd_port, port, shape)?;
        let log = path.join("apiserver.log");
        let apiserver = Held::start(&binaries.path("kube-apiserver")?, &apiserver, &log)?;
        Ok(Self { _apiserver: apiserver, _etcd: etcd, directory, port })
    }

    fn flags(path: &Path, etcd_port: u16, port: u16, shape: &Shape) -> Result<Vec<String>> {
        let pki = Pki::create(&path.join("pki"), &[Ipv4Addr::LOCALHOST.into()])?;
        let admin = Identity::new("admin", Some(ADMINISTRATORS));
        let tokens = path.join("tokens.csv");
        write_tokens(&tokens, &[&admin])?;
        write_kubeconfig(path.join("admin.conf"), &format!("https://127.0.0.1:{port}"), &pki, &admin)?;
        let mut flags = flags::apiserver(&pki, &tokens, &path.join("scratch"), etcd_port);
        flags.extend(audit::flags(
            path.join("audit-policy.json"),
            &path.join("audit.log"),
            shape.audited.as_deref(),
        )?);
        flags.extend(shape.advertise.map(|address| format!("--advertise-address={address}")));
        flags.push("--bind-address=127.0.0.1".into());
        flags.push(format!("--secure-port={port}"));
        // No controller makes service accounts here, and a pod never needs one.
        flags.push("--disable-admission-plugins=ServiceAccount".into());
        Ok(flags)
    }

    /// Ready is when the server says so and has made the first namespace.
    async fn become_ready(&self) -> Result<()> {
        let client = self.client().await?;
        let log = self.directory.path().join("apiserver.log");
        let waiting = async {
            while !is_ready(&client).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let seconds = START_LIMIT.as_secs();
        tokio::time::timeout(START_LIMIT, waiting).await.map_err(|_| {
            let said = files::read(&log).unwrap_or_default();
            let last = said.lines().last().unwrap_or_default();
            Error::TimedOut { what: format!("the API server, which last said: {last}"), seconds, log }
        })
    }
}

async fn is_ready(client: &kube::Client) -> bool {
    let namespaces = kube::Api::<k8s_openapi::api::core::v1::Namespace>::all(client.clone());
    namespaces.get("default").await.is_ok()
}

/// Ports that were free a moment ago. All are held until the last is known, so they differ.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| port(&it).map(|port| (it, port)));
    let mut held = Vec::new();
    let mut ports = [0; N];
    for slot in &mut ports {
        let (listener, port) = bind().map_err(Error::file("find", Path::new("a free port")))?;
        *slot = port;
        held.push(listener);
    }
    Ok(ports)
}

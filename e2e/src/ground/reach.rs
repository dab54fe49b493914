//! How a test gets at a Service or a pod from where it runs.

use std::process::Stdio;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Pod, Service};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{Ground, eventually};
use crate::cluster::{Cluster, Provider};

/// An address of something in the cluster; good for as long as this value lives.
pub struct Reach {
    address: String,
    _forward: Option<Child>,
}

impl Reach {
    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn direct(address: String) -> Self {
        Self { address, _forward: None }
    }
}

impl Ground {
    /// The way to the clients' port of a Service, open: kube-proxy needs a moment after the first
    /// pod is ready.
    ///
    /// # Errors
    /// If there is none.
    pub async fn service(&self, name: &str) -> Result<Reach> {
        if !is_direct()? {
            return self.forward(&format!("service/{name}"), 80).await;
        }
        let service = self.api::<Service>().get(name).await?;
        let address = service.spec.and_then(|spec| spec.cluster_ip).context("no cluster IP")?;
        let address = format!("{address}:80");
        let open = || async { Ok(Some(TcpStream::connect(&address).await.map(drop)?)) };
        eventually("the Service has endpoints", 10, open).await?;
        Ok(Reach::direct(address))
    }

    /// The way to the clients' port of one relay pod.
    ///
    /// # Errors
    /// If there is none.
    pub async fn pod(&self, name: &str) -> Result<Reach> {
        if !is_direct()? {
            return self.forward(&format!("pod/{name}"), relay_contract::settings::CLIENT_PORT).await;
        }
        let pod = self.api::<Pod>().get(name).await?;
        let address = pod.status.and_then(|status| status.pod_ip).context("no pod IP")?;
        Ok(Reach::direct(format!("{address}:{}", relay_contract::settings::CLIENT_PORT)))
    }

    async fn forward(&self, target: &str, port: u16) -> Result<Reach> {
        let mut child = Command::new("kubectl")
            .args(["--namespace", &self.namespace, "port-forward", target, &format!(":{port}")])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("kubectl port-forward")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let line = lines.next_line().await?.context("kubectl port-forward ended")?;
        let address = line.split_whitespace().nth(2).context("no address")?.to_owned();
        Ok(Reach { address, _forward: Some(child) })
    }
}

/// A local cluster's tests run inside of its network; those of others outside.
fn is_direct() -> Result<bool> {
    Ok(Cluster::attach()?.provider() == Provider::Local)
}

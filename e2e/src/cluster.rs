//! The cluster that a test runs on, as `e2e run` handed it over.

use std::path::PathBuf;

use crate::environment;
use crate::error::{Error, Result};
use crate::local::layout::{Layout, Node};
use crate::local::{container_runtime, network};
use crate::place::Place;

pub use crate::provider::Provider;

/// What a cluster that pulls images runs as Redis, unless another image is named.
const OFFICIAL_REDIS: &str = "docker.io/library/redis:7.4";

/// Images to ask the cluster for; every node has them, or can pull them.
#[derive(Debug, Clone)]
pub struct Images {
    /// The relay.
    pub relay: String,
    /// The same relay as another image, to roll to.
    pub second_relay: String,
    /// The operator.
    pub operator: String,
    /// Redis.
    pub redis: String,
}

/// A cluster that is up.
#[derive(Debug, Clone)]
pub struct Cluster {
    provider: Provider,
    audit_log: Option<PathBuf>,
}

impl Cluster {
    /// The cluster of the `e2e run` around this process.
    ///
    /// # Errors
    /// [`Error::NoCluster`] outside of `e2e run`.
    pub fn attach() -> Result<Self> {
        let name = environment::required(environment::PROVIDER)?;
        let provider = Provider::parse(&name)
            .ok_or_else(|| Error::NoCluster(format!("no provider is called {name}")))?;
        let audit_log = std::env::var_os(environment::AUDIT_LOG).map(PathBuf::from);
        Ok(Self { provider, audit_log })
    }

    /// Where the cluster came from.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// The API server's audit log: a JSON object per line, of kind `Event` in `audit.k8s.io/v1`,
    /// written before the request is answered. `None` where it cannot be read from here.
    pub fn audit_log(&self) -> Option<PathBuf> {
        self.audit_log.clone()
    }

    /// The images under test.
    ///
    /// # Errors
    /// [`Error::NoCluster`] if one of them was neither built nor named.
    pub fn images(&self) -> Result<Images> {
        Ok(Images {
            relay: environment::required(environment::RELAY_IMAGE)?,
            second_relay: environment::required(environment::SECOND_RELAY_IMAGE)?,
            operator: environment::required(environment::OPERATOR_IMAGE)?,
            redis: std::env::var(environment::REDIS_IMAGE).unwrap_or_else(|_| OFFICIAL_REDIS.to_owned()),
        })
    }

    /// A client with the administrator's rights.
    pub async fn client(&self) -> Result<kube::Client> {
        use_one_crypto_provider();
        let config = kube::Config::infer().await.map_err(|error| Error::Client(error.to_string()))?;
        kube::Client::try_from(config).map_err(|error| Error::Client(error.to_string()))
    }

    /// Runs a program inside a node, such as `node2`, and gives its standard output. The program
    /// sees the node's network, mounts and host name.
    pub fn run_on_node(&self, node: &str, arguments: &[&str]) -> Result<String> {
        container_runtime::enter(&self.node(node)?)?.args(arguments).output()
    }

    /// Cuts a node off from all others, as if its cable were pulled.
    pub fn disconnect(&self, node: &str) -> Result<()> {
        network::set_cable(&self.node(node)?, false)
    }

    /// Connects a node again.
    pub fn reconnect(&self, node: &str) -> Result<()> {
        network::set_cable(&self.node(node)?, true)
    }

    fn node(&self, name: &str) -> Result<Node> {
        let number = name.strip_prefix("node").and_then(|number| number.parse().ok());
        match (self.provider, number) {
            (Provider::Local, Some(number)) => Ok(Layout::of(&Place::find()?).node(number)),
            _ => Err(Error::NoCluster(format!("{name} is no node of a local cluster"))),
        }
    }
}

/// Several crates of one program may each bring a crypto library; rustls wants to be told which
/// one to use. Whoever was first is fine.
pub fn use_one_crypto_provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

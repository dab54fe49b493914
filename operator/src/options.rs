//! What a process of the operator is told at its start.

use std::net::SocketAddr;
use std::time::Duration;

use kube::Client;

/// Label that every object has which the operator creates; its watches select by it.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "relay-operator");

/// Field manager of every write.
pub const FIELD_MANAGER: &str = "relay-operator";

/// Name of the lease that replicas of the operator elect their leader with.
pub const LEASE_NAME: &str = "relay-operator";

/// Settings of one process.
#[derive(Clone, Debug)]
pub struct Options {
    /// Image of relays whose spec names none.
    pub relay_image: String,
    /// Image of managed Redis servers whose spec names none.
    pub redis_image: String,
    /// The namespace to look after; all of them without one.
    pub watch_namespace: Option<String>,
    /// Namespace that this process runs in; none outside of Kubernetes.
    pub namespace: Option<String>,
    /// Where `/livez`, `/readyz` and `/metrics` are served; nowhere without an address.
    pub listen: Option<SocketAddr>,
    /// Who this process is among its replicas; without it there is no election.
    pub leader: Option<Leader>,
    /// Port of the relays' admin API.
    pub admin_port: u16,
    /// Time between two questions to one relay.
    pub probe_every: Duration,
    /// When a cluster is looked at although nothing was heard of it, at the earliest, and at the latest
    /// after twice the time; and when watches that no other look makes good are begun anew.
    pub resync: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            relay_image: "ghcr.io/relay-operator/relay:0.1.0".to_owned(),
            redis_image: "docker.io/library/redis:7.4".to_owned(),
            watch_namespace: None,
            namespace: None,
            listen: None,
            leader: None,
            admin_port: relay_contract::settings::ADMIN_PORT,
            probe_every: Duration::from_secs(5),
            resync: Duration::from_secs(600),
        }
    }
}

/// Who a process is among its replicas.
#[derive(Clone)]
pub struct Leader {
    /// A client for the lease alone, without retries and with a read timeout: a lease that is
    /// renewed late is lost.
    pub client: Client,
    /// Namespace of the lease.
    pub namespace: String,
    /// Name of this process, unique among the replicas.
    pub identity: String,
}

impl std::fmt::Debug for Leader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leader")
            .field("namespace", &self.namespace)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

//! The command line. Every flag can be an environment variable, too.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use kube::{Client, Config};

use crate::options::{Leader, Options};
use crate::telemetry::LogFormat;

/// Timeout of one request about the lease: well under the time in which it must be renewed.
const LEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// The operator of RelayCluster.
#[derive(Debug, Parser)]
#[command(name = "relay-operator", version, about)]
pub struct Cli {
    /// What to do; `run` without one.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of `run`.
    #[command(flatten)]
    pub run: RunArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look after the RelayClusters.
    Run(RunArgs),
    /// Print the CustomResourceDefinition as YAML.
    Crd,
    /// Print the table of conditions and reasons as Markdown.
    Conditions,
    /// Ask a running operator whether it is well, as `helm test` does; the exit code tells.
    Check {
        /// Where the operator serves, such as `http://relay-operator:8080`.
        url: String,
    },
    /// Print the operator's metrics as the beginning of docs/metrics.md.
    Metrics,
    /// Print the table of the fields of the spec as Markdown.
    Fields,
}

/// Settings of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Image of relays whose spec names none.
    #[arg(long, env = "RELAY_IMAGE")]
    pub relay_image: Option<String>,
    /// Image of managed Redis servers whose spec names none.
    #[arg(long, env = "REDIS_IMAGE")]
    pub redis_image: Option<String>,
    /// The namespace to look after; empty for all.
    #[arg(long, env = "WATCH_NAMESPACE", default_value = "")]
    pub watch_namespace: String,
    /// Namespace of this pod, where the lease is; without it there is no election.
    #[arg(long, env = "POD_NAMESPACE", default_value = "")]
    pub pod_namespace: String,
    /// Name of this pod, its name in the election.
    #[arg(long, env = "POD_NAME", default_value = "")]
    pub pod_name: String,
    /// Where probes and metrics are served.
    #[arg(long, env = "LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// What is logged, such as `info` or `relay_operator=debug,warn`.
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    pub log_level: String,
    /// How it is logged.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    pub log_format: LogFormat,
}

impl RunArgs {
    /// The settings of the process.
    ///
    /// # Errors
    /// A name in the election without a namespace or the other way round, or a client that cannot
    /// be made.
    pub fn options(&self, config: &Config) -> anyhow::Result<Options> {
        let defaults = Options::default();
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let leader = match (some(&self.pod_namespace), some(&self.pod_name)) {
            (Some(namespace), Some(identity)) => {
                Some(Leader { client: lease_client(config)?, namespace, identity })
            }
            (None, None) => None,
            _ => anyhow::bail!("POD_NAMESPACE and POD_NAME are set together or not at all"),
        };
        Ok(Options {
            relay_image: self.relay_image.as_ref().and_then(some).unwrap_or(defaults.relay_image),
            redis_image: self.redis_image.as_ref().and_then(some).unwrap_or(defaults.redis_image),
            watch_namespace: some(&self.watch_namespace),
            namespace: some(&self.pod_namespace),
            listen: Some(self.listen),
            leader,
            ..Options::default()
        })
    }
}

/// A client that fails fast: a request about the lease that takes longer is of no use any more.
fn lease_client(config: &Config) -> anyhow::Result<Client> {
    let mut config = config.clone();
    config.default_retry = false;
    config.read_timeout = Some(LEASE_TIMEOUT);
    config.write_timeout = Some(LEASE_TIMEOUT);
    config.connect_timeout = Some(LEASE_TIMEOUT);
    Client::try_from(config).context("making a client for the lease")
}

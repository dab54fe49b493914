//! Which of the kinds that a Kubernetes need not have it has.
//!
//! Asked of the API server when somebody wants to know and the last answer is old, so that a
//! definition that is installed later is seen within half a minute.

use std::time::Duration;

use kube::Client;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::kinds::{HttpRouteKind, Kind, PodMonitorKind, PrometheusRuleKind};

/// How long an answer is good.
pub const GOOD_FOR: Duration = Duration::from_secs(20);

/// Which of the kinds there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// HTTPRoute of the Gateway API.
    pub route: bool,
    /// PodMonitor of the Prometheus operator.
    pub pod_monitor: bool,
    /// PrometheusRule of the Prometheus operator.
    pub rules: bool,
}

/// Asks, and remembers the answer.
pub struct Discovery {
    client: Client,
    known: Mutex<Option<(Instant, Kinds)>>,
}

impl Discovery {
    /// Asks with this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, known: Mutex::default() }
    }

    /// The kinds that there are. When the API server does not tell, its last answer stands; without
    /// one there are none, so that nobody's cluster waits for kinds that its spec does not ask for.
    pub async fn kinds(&self) -> Kinds {
        let mut known = self.known.lock().await;
        match *known {
            Some((at, kinds)) if at.elapsed() < GOOD_FOR => return kinds,
            _ => {}
        }
        let kinds = match self.ask().await {
            Ok(kinds) => kinds,
            Err(error) => {
                tracing::warn!(%error, "asking for kinds failed; the last answer stands");
                known.map(|(_, kinds)| kinds).unwrap_or_default()
            }
        };
        *known = Some((Instant::now(), kinds));
        kinds
    }

    /// Waits until there is a kind.
    pub async fn appears(&self, has: fn(Kinds) -> bool) {
        while !has(self.kinds().await) {
            tokio::time::sleep(GOOD_FOR).await;
        }
    }

    async fn ask(&self) -> Result<Kinds, kube::Error> {
        let gateway = self.served(&HttpRouteKind::group_version()).await?;
        let prometheus = self.served(&PodMonitorKind::group_version()).await?;
        let has = |served: &[String], plural: &str| served.iter().any(|name| name == plural);
        Ok(Kinds {
            route: has(&gateway, HttpRouteKind::PLURAL),
            pod_monitor: has(&prometheus, PodMonitorKind::PLURAL),
            rules: has(&prometheus, PrometheusRuleKind::PLURAL),
        })
    }

    /// Resources that are served under a group and version; none when there is no such group.
    async fn served(&self, group_version: &str) -> Result<Vec<String>, kube::Error> {
        match self.client.list_api_group_resources(group_version).await {
            Ok(list) => Ok(list.resources.into_iter().map(|resource| resource.name).collect()),
            Err(error) if is_unknown(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Whether an error says that there is no such kind: a bare 404, without the words by which the API
/// server tells that there is no such object.
#[must_use]
pub fn is_unknown(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

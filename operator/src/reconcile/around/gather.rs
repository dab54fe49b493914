//! Reads of what stands around the relays.

use serde::de::DeserializeOwned;

use super::FoundAround;
use super::discovery::{Discovery, is_unknown};
use super::kinds::{Extension, Kind};
use crate::reconcile::gather::{GatherError, Reader};
use crate::reconcile::names::Names;
use crate::reconcile::observed::{Found, Root};

impl Reader<'_> {
    /// What stands under these objects' names; kinds that there are not are not asked for.
    pub(in crate::reconcile) async fn around(
        &self,
        discovery: &Discovery,
        root: &Root,
    ) -> Result<FoundAround, GatherError> {
        let kinds = discovery.kinds().await;
        let names = Names(&root.name);
        let Asked { ingress, route, pod_monitor, rules } = Asked::by(root);
        let (ingress, relay_policy, redis_policy) = futures::try_join!(
            self.get_if_asked(ingress, names.main()),
            self.get(names.main()),
            self.get(names.redis()),
        )?;
        let (route, pod_monitor, rules) = futures::try_join!(
            self.get_if(kinds.route, route, names.main()),
            self.get_if(kinds.pod_monitor, pod_monitor, names.main()),
            self.get_if(kinds.rules, rules, names.main()),
        )?;
        Ok(FoundAround { ingress, route, relay_policy, redis_policy, pod_monitor, rules })
    }

    async fn get_if<M: Kind>(
        &self,
        known: bool,
        asked: bool,
        name: String,
    ) -> Result<Option<Found<Extension<M>>>, GatherError>
    where
        Extension<M>: DeserializeOwned,
    {
        if !known {
            return Ok(None);
        }
        match self.get_if_asked(asked, name).await {
            Ok(found) => Ok(Some(found)),
            // Its definition was removed since it was asked for.
            Err(error) if is_unknown(&error.source) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What a spec asks for of what it need not.
struct Asked {
    ingress: bool,
    route: bool,
    pod_monitor: bool,
    rules: bool,
}

impl Asked {
    fn by(root: &Root) -> Self {
        let spec = root.cluster.as_ref().ok().map(|cluster| &cluster.spec);
        let monitoring = spec.and_then(|spec| spec.monitoring.as_ref());
        Self {
            ingress: spec.is_some_and(|spec| spec.ingress.is_some()),
            route: spec.is_some_and(|spec| spec.gateway.is_some()),
            pod_monitor: monitoring.is_some_and(|monitoring| monitoring.pod_monitor),
            rules: monitoring.is_some_and(|monitoring| monitoring.alerts),
        }
    }
}

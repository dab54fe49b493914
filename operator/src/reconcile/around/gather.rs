//! Reads of what stands around the relays.

use serde::de::DeserializeOwned;

use super::FoundAround;
use super::discovery::{Discovery, is_unknown};
use super::kinds::{Extension, Kind};
use crate::reconcile::gather::{GatherError, Reader};
use crate::reconcile::names::Names;
use crate::reconcile::observed::Found;

impl Reader<'_> {
    /// What stands under these objects' names; kinds that there are not are not asked for.
    pub(in crate::reconcile) async fn around(
        &self,
        discovery: &Discovery,
        names: Names<'_>,
    ) -> Result<FoundAround, GatherError> {
        let kinds = discovery.kinds().await;
        let (ingress, relay_policy, redis_policy) =
            futures::try_join!(self.get(names.main()), self.get(names.main()), self.get(names.redis()),)?;
        let (route, pod_monitor, rules) = futures::try_join!(
            self.get_if(kinds.route, names.main()),
            self.get_if(kinds.pod_monitor, names.main()),
            self.get_if(kinds.rules, names.main()),
        )?;
        Ok(FoundAround { ingress, route, relay_policy, redis_policy, pod_monitor, rules })
    }

    async fn get_if<M: Kind>(
        &self,
        known: bool,
        name: String,
    ) -> Result<Option<Found<Extension<M>>>, GatherError>
    where
        Extension<M>: DeserializeOwned,
    {
        if !known {
            return Ok(None);
        }
        match self.get(name).await {
            Ok(found) => Ok(Some(found)),
            // Its definition was removed since it was asked for.
            Err(error) if is_unknown(&error.source) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

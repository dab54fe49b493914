//! Servers and sentinels of a managed Redis, as the status tells of them.

use anyhow::{Context, Result};
use relay_operator::api::RedisServersStatus;

use super::{Ground, eventually};

impl Ground {
    /// What the status of a RelayCluster says of them.
    ///
    /// # Errors
    /// If it says nothing.
    pub async fn servers(&self, name: &str) -> Result<RedisServersStatus> {
        let redis = self.status(name).await?.redis.context("status.redis")?;
        redis.servers.context("status.redis.servers")
    }

    /// Waits until there are a primary, two replicas with all it has, and three sentinels, and nothing is
    /// left to replace; returns the pod of the primary.
    ///
    /// # Errors
    /// If it does not come to that within three minutes.
    pub async fn whole_servers(&self, name: &str) -> Result<String> {
        let whole = || async {
            let now = self.servers(name).await?;
            let all =
                now.replicas_in_sync == 2 && now.sentinels_agreeing == 3 && now.quorum && now.outdated == 0;
            Ok(now.primary.filter(|_| all))
        };
        eventually("all servers and sentinels are well", 180, whole).await.map(|(primary, _)| primary)
    }
}

//! The time that all nodes agree on, whatever their own clocks say: that of Redis.

use redis::RedisError;
use redis::aio::MultiplexedConnection;

/// Microseconds since the epoch, by the server of `link`. Every name belongs to one server, so that
/// times of one name can be compared.
pub(super) async fn now(link: &mut MultiplexedConnection) -> Result<i64, RedisError> {
    let (seconds, microseconds): (i64, i64) = redis::cmd("TIME").query_async(link).await?;
    Ok(seconds.saturating_mul(1_000_000).saturating_add(microseconds))
}

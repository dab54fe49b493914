//! Whether Redis takes writes: what a self-probe cannot see.
//!
//! Publishing is no write to Redis. One that became a replica, has no memory left or could not save
//! its data still carries messages, while leases and tokens fail.

use redis::aio::MultiplexedConnection;

use super::fault::{Fault, breaks_link};

/// Milliseconds that what is written stays, so that nothing is left behind.
const TTL_MS: u64 = 15_000;

/// Writes to `key`. Answers why Redis refused, if it did.
pub(super) async fn write(key: &str, connection: &MultiplexedConnection) -> Result<Option<Fault>, Fault> {
    let mut set = redis::cmd("SET");
    set.arg(key).arg(1).arg("PX").arg(TTL_MS);
    let refused = |source| Fault::Call { doing: "write", source };
    match set.exec_async(&mut connection.clone()).await {
        Ok(()) => Ok(None),
        Err(source) if breaks_link(&source) => Err(refused(source)),
        Err(source) => Ok(Some(refused(source))),
    }
}

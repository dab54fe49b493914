//! Connections for calls that somebody waits for: connection tokens, sessions, tasks of workers
//! (requirement 001-17). On the link's own such a call would stand behind batches of messages.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisError};
use tokio::sync::{AcquireError, Semaphore};

use super::dial::Commands;
use super::endpoint::Endpoint;
use super::fault::{Fault, breaks_link};
use crate::bus::config::{Address, PoolSize};
use crate::sync::lock;

/// Time between two looks at whether enough connections are open.
const CHECK: Duration = Duration::from_secs(1);

/// At most [`PoolSize::max`] connections to all primaries together, which are dialed when they are
/// needed and kept.
pub(super) struct Pool {
    endpoint: Arc<Endpoint>,
    size: PoolSize,
    /// One for each call under way.
    places: Semaphore,
    idle: Mutex<HashMap<Address, Vec<Commands>>>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    /// No connection became free and answered in time.
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// No connection could be made.
    #[error("{0}")]
    Fault(Fault),
    /// Redis refused, or the connection broke.
    #[error("ask: {0}")]
    Redis(#[from] RedisError),
    /// The pool has ended.
    #[error(transparent)]
    Ended(#[from] AcquireError),
}

impl Pool {
    pub(super) fn new(endpoint: Arc<Endpoint>, size: PoolSize) -> Self {
        Self { endpoint, size, places: Semaphore::new(size.max), idle: Mutex::default() }
    }

    /// Sends one command to the primary at `address`, on a connection of its own for as long as it
    /// takes.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        address: &Address,
        command: &Cmd,
    ) -> Result<T, PoolError> {
        let answer = async {
            let _place = self.places.acquire().await?;
            let commands = match self.take(address) {
                Some(commands) => commands,
                None => self.endpoint.primary(address).await.map_err(PoolError::Fault)?,
            };
            let answer = command.query_async(&mut commands.connection.clone()).await;
            if !answer.as_ref().is_err_and(breaks_link) {
                lock(&self.idle).entry(address.clone()).or_default().push(commands);
            }
            Ok(answer?)
        };
        tokio::time::timeout(self.size.timeout, answer)
            .await
            .map_err(|_| PoolError::Late(self.size.timeout))?
    }

    /// A connection that nobody uses. Those that were closed meanwhile are dropped.
    fn take(&self, address: &Address) -> Option<Commands> {
        let mut idle = lock(&self.idle);
        let idle = idle.get_mut(address)?;
        idle.retain(|commands| !commands.lost.is_cancelled());
        idle.pop()
    }

    /// Keeps [`PoolSize::min`] connections to `address` open for the calls to come. One that cannot
    /// be dialed is missed by nobody until then, and tried again.
    pub(super) async fn keep(&self, address: &Address) -> Infallible {
        loop {
            while self.open(address) < self.size.min {
                let Ok(commands) = self.endpoint.primary(address).await else { break };
                lock(&self.idle).entry(address.clone()).or_default().push(commands);
            }
            tokio::time::sleep(CHECK).await;
        }
    }

    /// Closes what nobody uses to `address`, whose server was lost or is a primary no more.
    pub(super) fn forget(&self, address: &Address) {
        lock(&self.idle).remove(address);
    }

    fn open(&self, address: &Address) -> usize {
        let used = self.size.max.saturating_sub(self.places.available_permits());
        let mut idle = lock(&self.idle);
        let idle = idle.entry(address.clone()).or_default();
        idle.retain(|commands| !commands.lost.is_cancelled());
        idle.len() + used
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::config::Login;

    /// A pool of one connection to a server that takes connections and says nothing.
    async fn silent() -> (tokio::net::TcpListener, Pool, Address) {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let url = format!("redis://{address}").parse().unwrap();
        let account = super::super::Account::new(&url, None, None);
        let size = PoolSize { min: 0, max: 1, timeout: Duration::from_millis(100) };
        let address = Address { host: address.ip().to_string(), port: address.port() };
        let endpoint = Endpoint::new(url, account, Login::default(), None, 0);
        (server, Pool::new(Arc::new(endpoint), size), address)
    }

    #[tokio::test]
    async fn r001_17_a_call_waits_no_longer_than_the_timeout() {
        let (_server, pool, address) = silent().await;
        assert!(matches!(pool.call::<String>(&address, &redis::cmd("GET")).await, Err(PoolError::Late(_))));
    }

    #[tokio::test]
    async fn a_call_that_was_given_up_leaves_its_place() {
        let (_server, pool, address) = silent().await;
        let _ = pool.call::<String>(&address, &redis::cmd("GET")).await;
        assert_eq!((pool.places.available_permits(), pool.open(&address)), (1, 0));
    }
}

//! Connections for calls that somebody waits for: connection tokens, sessions, tasks of workers
//! (requirement 001-17). On the link's own such a call would stand behind batches of messages.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{Cmd, FromRedisValue};
use tokio::sync::{AcquireError, Semaphore};

use super::dial::{Commands, Endpoint};
use super::fault::{Fault, breaks_link};
use crate::bus::config::PoolSize;
use crate::sync::lock;

/// Time between two looks at whether enough connections are open.
const CHECK: Duration = Duration::from_secs(1);

/// At most [`PoolSize::max`] connections, which are dialed when they are needed and kept.
pub(super) struct Pool {
    endpoint: Arc<Endpoint>,
    size: PoolSize,
    /// One for each call under way.
    places: Semaphore,
    idle: Mutex<Vec<Commands>>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    /// No connection became free and answered in time.
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// The connection failed.
    #[error("{0}")]
    Fault(String),
    /// The pool has ended.
    #[error(transparent)]
    Ended(#[from] AcquireError),
}

impl Pool {
    pub(super) fn new(endpoint: Arc<Endpoint>, size: PoolSize) -> Self {
        Self { endpoint, size, places: Semaphore::new(size.max), idle: Mutex::default() }
    }

    /// Sends one command, on a connection of its own for as long as it takes.
    pub(super) async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, PoolError> {
        let answer = async {
            let _place = self.places.acquire().await?;
            let fault = |fault: Fault| PoolError::Fault(self.endpoint.reason(&fault));
            let commands = match self.take() {
                Some(commands) => commands,
                None => self.endpoint.commands().await.map_err(fault)?,
            };
            let answer = command.query_async(&mut commands.connection.clone()).await;
            if !answer.as_ref().is_err_and(breaks_link) {
                lock(&self.idle).push(commands);
            }
            answer.map_err(|error| fault(Fault::call("ask")(error)))
        };
        tokio::time::timeout(self.size.timeout, answer)
            .await
            .map_err(|_| PoolError::Late(self.size.timeout))?
    }

    /// A connection that nobody uses. Those that were closed meanwhile are dropped.
    fn take(&self) -> Option<Commands> {
        let mut idle = lock(&self.idle);
        idle.retain(|commands| !commands.lost.is_cancelled());
        idle.pop()
    }

    /// Keeps [`PoolSize::min`] connections open for the calls to come. One that cannot be dialed is
    /// missed by nobody until then, and tried again.
    pub(super) async fn keep(&self) -> Infallible {
        loop {
            while self.open() < self.size.min {
                let Ok(commands) = self.endpoint.commands().await else { break };
                lock(&self.idle).push(commands);
            }
            tokio::time::sleep(CHECK).await;
        }
    }

    fn open(&self) -> usize {
        let used = self.size.max.saturating_sub(self.places.available_permits());
        let mut idle = lock(&self.idle);
        idle.retain(|commands| !commands.lost.is_cancelled());
        idle.len() + used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool of one connection to a server that takes connections and says nothing.
    async fn silent() -> (tokio::net::TcpListener, Pool) {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", server.local_addr().unwrap()).parse().unwrap();
        let size = PoolSize { min: 0, max: 1, timeout: Duration::from_millis(100) };
        (server, Pool::new(Arc::new(Endpoint::new(url, None, None, 0)), size))
    }

    #[tokio::test]
    async fn r001_17_a_call_waits_no_longer_than_the_timeout() {
        let (_server, pool) = silent().await;
        assert!(matches!(pool.call::<String>(&redis::cmd("GET")).await, Err(PoolError::Late(_))));
    }

    #[tokio::test]
    async fn a_call_that_was_given_up_leaves_its_place() {
        let (_server, pool) = silent().await;
        let _ = pool.call::<String>(&redis::cmd("GET")).await;
        assert_eq!((pool.places.available_permits(), pool.open()), (1, 0));
    }
}

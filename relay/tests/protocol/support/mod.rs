//! A relay to talk to, and clients to talk with.

mod balancer;
mod events;
mod example;
mod node;
pub(crate) mod packages;
mod process;
mod proxy;
mod python;
mod raw;
mod socket;
mod trio;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use relay::config::{Boot, Settings, Source};
use relay::logs::LogControl;
use relay::server::{Relay, Stop, run_until};
use serde_json::Value;
use tokio::sync::oneshot;

pub(crate) use crate::takeover::redis::free_port;
pub(crate) use balancer::Balancer;
pub(crate) use events::Events;
pub(crate) use example::Example;
pub(crate) use node::node;
pub(crate) use process::Process;
pub(crate) use proxy::Proxy;
pub(crate) use python::python;
pub(crate) use raw::{Got, Raw, close, frame};
pub(crate) use socket::{Client, Received};
pub(crate) use trio::Trio;

/// Time in which whatever a test waits for must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Longest that a call of [`http`] may take, on a machine that has much else to do.
const CALL_PATIENCE: Duration = Duration::from_secs(30);

/// A relay in this process. It stops, without a drain's pace, when dropped.
pub(crate) struct TestRelay {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Dropping it begins the end.
    _stop: oneshot::Sender<()>,
}

impl TestRelay {
    /// A relay with default settings.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A relay with some settings.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let ports = [("PORT", "0"), ("ADMIN_LISTEN", "127.0.0.1:0")];
        let source = Source::new(ports.iter().chain(settings).copied()).unwrap();
        let boot = Boot::parse(&source).unwrap();
        let relay = Relay::start(boot, Settings::new(source).unwrap(), LogControl::default()).unwrap();
        let (address, admin) = (relay.client_address().unwrap(), relay.admin_address().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let pace = Stop { rate: 1_000_000, timeout: Duration::from_secs(1) };
        tokio::spawn(run_until(relay, pace, async move {
            let _ = stopped.await;
        }));
        Self { address, admin, _stop: stop }
    }

    /// One that is ready, called `node`, on the Redis at `url`, with some settings.
    pub(crate) async fn on(url: &str, node: &str, settings: &[(&str, &str)]) -> Self {
        let relay = Self::with(&[&[("REDIS_URL", url), ("NODE_NAME", node)], settings].concat());
        until("a ready relay", async || {
            reqwest::get(relay.admin_url("/readyz")).await.unwrap().status() == 200
        })
        .await;
        relay
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The admin address of a path.
    pub(crate) fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin)
    }

    /// Posts JSON; the status and the JSON of the answer.
    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = reqwest::Client::new().post(self.url(path)).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Gets the JSON of a path.
    pub(crate) async fn get(&self, path: &str) -> Value {
        reqwest::get(self.url(path)).await.unwrap().json().await.unwrap()
    }

    /// The admin API's status.
    pub(crate) async fn status(&self) -> Value {
        reqwest::get(self.admin_url("/admin/v1/status")).await.unwrap().json().await.unwrap()
    }

    /// A socket of `user`.
    pub(crate) async fn socket(&self, user: &str) -> Client {
        Client::connect(&format!("ws://{}/ws?user_id={user}", self.address)).await
    }

    /// A stream of `player`.
    pub(crate) async fn stream(&self, player: &str) -> Events {
        Events::get(&self.url(&format!("/sse/{player}"))).await
    }

    /// Waits until the relay has `count` connections.
    pub(crate) async fn has_connections(&self, count: u64) {
        until("the number of connections", async || {
            self.status().await["connections"]["total"].as_u64() == Some(count)
        })
        .await;
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !condition().await {
        assert!(begin.elapsed() < PATIENCE, "{what} did not come to be");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A client whose calls end, so that a relay that hangs fails the call that it hangs in.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(CALL_PATIENCE).build().unwrap()
}

/// The outcome of `future`, which must come in time.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("nothing came in time")
}

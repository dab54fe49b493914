//! One question to one relay, or one thing that it is told.

use std::net::SocketAddr;
use std::time::Duration;

use relay_contract::admin::{CONFIG_PATH, ConfigRequest, DRAIN_PATH, DrainRequest, STATUS_PATH, Status};

use super::settings::Settings;
use crate::reconcile::secret_value::SecretValue;

/// How long a relay may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why there is no answer; the text is the label in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Not within the time.
    #[error("timeout")]
    Timeout,
    /// No connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// The relay does not accept the token.
    #[error("refused")]
    Refused,
    /// It does not take what it was told.
    #[error("rejected")]
    Rejected,
    /// It answered with another status than these.
    #[error("status")]
    Status,
    /// It answered something that is no status document.
    #[error("garbage")]
    Garbage,
}

/// A client that goes where it is told: no proxy, no redirect, no pooled connection that a
/// restarted relay would break.
///
/// # Errors
/// The platform has no HTTP client to give.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .connect_timeout(TIMEOUT)
        .pool_max_idle_per_host(0)
        .build()
}

/// A relay to talk to.
#[derive(Clone, Copy)]
pub(super) struct Address<'a> {
    /// The way there.
    pub(super) client: &'a reqwest::Client,
    /// Its admin port.
    pub(super) address: SocketAddr,
    /// The token of its admin API.
    pub(super) token: &'a SecretValue,
}

impl Address<'_> {
    /// Asks for its status.
    pub(super) async fn status(self) -> Result<Status, NoAnswer> {
        self.send(self.client.get(self.url(STATUS_PATH))).await
    }

    /// Tells it what to run; how it is doing then.
    pub(super) async fn tell(self, settings: &Settings) -> Result<Status, NoAnswer> {
        let request = ConfigRequest { settings: settings.text().to_owned() };
        self.send(self.client.put(self.url(CONFIG_PATH)).json(&request)).await
    }

    /// Has it let go of its connections; how it is doing then.
    pub(super) async fn drain(self, request: &DrainRequest) -> Result<Status, NoAnswer> {
        self.send(self.client.put(self.url(DRAIN_PATH)).json(request)).await
    }

    fn url(self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn send(self, request: reqwest::RequestBuilder) -> Result<Status, NoAnswer> {
        let sent = request.bearer_auth(self.token.reveal()).send().await;
        let mut response = sent.map_err(|error| reason(&error))?;
        match response.status().as_u16() {
            200 => {}
            401 | 403 => return Err(NoAnswer::Refused),
            422 => return Err(NoAnswer::Rejected),
            _ => return Err(NoAnswer::Status),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(NoAnswer::Garbage);
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|_| NoAnswer::Garbage)
    }
}

fn reason(error: &reqwest::Error) -> NoAnswer {
    if error.is_timeout() { NoAnswer::Timeout } else { NoAnswer::Unreachable }
}

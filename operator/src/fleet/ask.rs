//! One question to one relay.

use std::net::IpAddr;
use std::time::Duration;

use relay_contract::admin::{STATUS_PATH, Status};

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
    /// It answered with another status than 200.
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

/// Asks the relay at an address for its status.
pub(super) async fn status(
    client: &reqwest::Client,
    address: IpAddr,
    port: u16,
    token: &SecretValue,
) -> Result<Status, NoAnswer> {
    let url = format!("http://{}{STATUS_PATH}", std::net::SocketAddr::new(address, port));
    let sent = client.get(url).bearer_auth(token.reveal()).send().await;
    let mut response = sent.map_err(|error| reason(&error))?;
    match response.status().as_u16() {
        200 => {}
        401 | 403 => return Err(NoAnswer::Refused),
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

fn reason(error: &reqwest::Error) -> NoAnswer {
    if error.is_timeout() { NoAnswer::Timeout } else { NoAnswer::Unreachable }
}

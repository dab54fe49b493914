//! A client of the publish API.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::PATIENCE;

/// Publishes messages over HTTP.
#[derive(Clone)]
pub struct Publisher {
    http: reqwest::Client,
    address: String,
    key: Option<String>,
}

impl Publisher {
    /// A publisher at `address` (`host:port`) with the key of the publish API.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(address: &str, key: Option<String>) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).build()?;
        Ok(Self { http, address: address.to_owned(), key })
    }

    /// Pushes `data` to `user` (requirement 000-04), and returns the pod that took it and its answer.
    ///
    /// # Errors
    /// If the relay does not answer with success.
    pub async fn push(&self, user: &str, data: Value) -> Result<(String, Value)> {
        let mut request = self.http.post(format!("http://{}/sse/push", self.address));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let response = request.json(&json!({ "user_id": user, "data": data })).send().await?;
        let node = response.headers().get("x-relay-node").and_then(|value| value.to_str().ok());
        let node = node.unwrap_or_default().to_owned();
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{status}: {body}");
        Ok((node, serde_json::from_str(&body).context("the answer is not JSON")?))
    }
}

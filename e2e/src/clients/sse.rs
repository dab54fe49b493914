//! A client of server-sent events (WHATWG HTML, section 9.2).

use std::pin::Pin;

use anyhow::{Context, Result, ensure};
use futures::{Stream, StreamExt};
use serde_json::Value;
use tokio::time::timeout;

use super::{Connection, End, PATIENCE};

type Bytes = Pin<Box<dyn Stream<Item = reqwest::Result<Vec<u8>>> + Send>>;

/// One event stream, from its answer to its end.
pub struct SseClient {
    node: String,
    /// Milliseconds after which the server last said to come back.
    pub retry: Option<u64>,
    /// Position of the last event that had one: what a client comes back with.
    pub position: Option<String>,
    body: Bytes,
    unread: Vec<u8>,
}

impl Connection for SseClient {
    async fn connect(address: &str, player: &str) -> Result<Self> {
        let request = reqwest::Client::new().get(format!("http://{address}/sse/{player}")).send();
        let response = timeout(PATIENCE, request).await.context("no answer")??;
        ensure!(response.status().is_success(), "the stream was refused: {}", response.status());
        let node = response.headers().get("x-relay-node").and_then(|value| value.to_str().ok());
        Ok(Self {
            node: node.unwrap_or_default().to_owned(),
            retry: None,
            position: None,
            body: Box::pin(response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()))),
            unread: Vec::new(),
        })
    }

    async fn next(&mut self) -> Result<Value, End> {
        loop {
            while let Some(block) = self.take_block() {
                if let Some(data) = self.read_block(&block) {
                    return serde_json::from_str(&data).map_err(|error| End::Abnormal(error.to_string()));
                }
            }
            match self.body.next().await {
                Some(Ok(bytes)) => self.unread.extend_from_slice(&bytes),
                Some(Err(error)) => return Err(End::Abnormal(error.to_string())),
                None if self.unread.is_empty() && self.retry.is_some() => return Err(End::Stream),
                None => return Err(End::Abnormal("cut in the middle of an event".to_owned())),
            }
        }
    }

    fn node(&self) -> &str {
        &self.node
    }
}

impl SseClient {
    fn take_block(&mut self) -> Option<String> {
        let end = self.unread.windows(2).position(|pair| pair == b"\n\n")? + 2;
        let rest = self.unread.split_off(end);
        let block = std::mem::replace(&mut self.unread, rest);
        Some(String::from_utf8_lossy(&block).into_owned())
    }

    fn read_block(&mut self, block: &str) -> Option<String> {
        let field = |name: &str| {
            let lines = block.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix(':'));
            lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect::<Vec<_>>()
        };
        if let Some(retry) = field("retry").last().and_then(|value| value.parse().ok()) {
            self.retry = Some(retry);
        }
        if let Some(position) = field("id").last() {
            self.position = Some((*position).to_owned());
        }
        let data = field("data");
        (!data.is_empty()).then(|| data.join("\n"))
    }
}

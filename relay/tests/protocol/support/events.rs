//! A client of event streams.

use reqwest::Response;
use serde_json::Value;

use super::soon;

/// An event stream, event by event.
pub(crate) struct Events {
    pub(crate) response: Response,
    buffer: String,
}

impl Events {
    pub(crate) async fn get(url: &str) -> Self {
        Self::from(reqwest::get(url).await.unwrap())
    }

    pub(crate) fn from(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        Self { response, buffer: String::new() }
    }

    /// The text of the next event; `None` at a clean end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.buffer = rest;
                return Some(event);
            }
            let chunk = soon(self.response.chunk()).await.expect("the stream must end cleanly")?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The data of the next event that has data.
    pub(crate) async fn json(&mut self) -> Value {
        loop {
            let event = self.next().await.expect("an event instead of the end");
            if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) {
                return serde_json::from_str(data).unwrap();
            }
        }
    }

    /// All events up to the end.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}
